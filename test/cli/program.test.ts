import { describe, expect, it } from 'vitest';
import { keybin } from './keybin.ts';

describe('keybin', () => {
  it('shows its version, and what it can do', async () => {
    expect(await keybin(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^keybin \d+\.\d+\.\d+\n$/),
    });
    expect(await keybin(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes: 0 done') });
  });

  it('takes a wrong command line with 2 and one sentence that says what to do', async () => {
    const unknown = await keybin(['completoin']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toBe("keybin: unknown command 'completoin' (Did you mean completion?); see keybin --help\n");
    const missing = await keybin(['completion']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toBe("keybin: missing required argument 'shell'; see keybin completion --help\n");
    const which = await keybin(['token']);
    expect(which).toMatchObject({ code: 2, stdout: '' });
    expect(which.stderr).toMatch(/^Usage: keybin token .*\nkeybin: say what to do; see keybin token --help\n$/s);
  });
});
