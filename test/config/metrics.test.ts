import { describe, expect, it } from 'vitest';
import { loadText, problemsOf } from './load-text.ts';

describe('[METRICS]', () => {
  it.each(['127.0.0.1:9465', '[::1]:9465', 'localhost:9465', '0.0.0.0:0', ''])('listens on %j', async listen => {
    expect((await loadText(`[METRICS]\nlisten=${listen}\n`)).config.METRICS.listen).toBe(listen);
  });

  it.each([
    ['9465', 'write the address too: `127.0.0.1:9465`'],
    [':9465', 'write the address too: `127.0.0.1:9465`'],
    ['127.0.0.1', 'write the port too: `127.0.0.1:9465`'],
    ['::1', 'write the port too: `[::1]:9465`'],
    ['fe80::1:2:3:4:5:6:9465', 'write `[fe80::1:2:3:4:5:6]:9465`'],
    ['http://127.0.0.1:9465', 'write the address alone, without a scheme'],
    ['127.0.0.1:99999', 'expected `address:port`'],
  ])('says what to write instead of %s', async (listen, hint) => {
    const problems = await problemsOf(loadText(`[METRICS]\nlisten=${listen}\n`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('[METRICS] listen');
    expect(problems[0]).toContain(hint);
  });

  it.each(['short', 'x'.repeat(23), 'with a space in its middle 123'])(
    'refuses the token %j without showing it',
    async token => {
      const problems = await problemsOf(loadText(`[METRICS]\ntoken=${token}\n`));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('24 to 1024 visible ASCII characters');
      expect(problems[0]).not.toContain(token);
    },
  );

  it('warns of an address that others reach, unless there is a token', async () => {
    const open = '[METRICS]\nlisten=0.0.0.0:9465\n';
    expect((await loadText(open)).warnings.join()).toContain('[METRICS] token');
    expect((await loadText(`${open}token=${'x'.repeat(24)}\n`)).warnings).toEqual([]);
    expect((await loadText('[METRICS]\nlisten=[::1]:9465\n')).warnings).toEqual([]);
  });
});
