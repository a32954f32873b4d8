import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { test } from '../support/process.ts';

describe('--check-health', () => {
  test('asks the server of this configuration whether it is ready', async ({ program }) => {
    const server = await program.start({ settings: { APP_HOST: '0.0.0.0' } });
    await writeFile(join(program.folder, 'store.cfg'), `[APP]\nhost=0.0.0.0\nport=${new URL(server.url).port}\n`);
    const check = async () => {
      const asked = program.spawn({ args: ['--check-health'], bare: true });
      return { ...(await asked.end()), said: asked.stdout + asked.stderr };
    };
    expect(await check()).toEqual({ code: 0, signal: null, said: 'ready\n' });
    await server.stop();
    expect(await check()).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^keybin-server: not ready: .*ECONNREFUSED/),
    });
  });

  test('fails where the server is not ready, or its port is not known', async ({ program }) => {
    const away = { STORE_HOST: 'mongodb://127.0.0.1:1', STORE_DATABASE: 'nowhere' };
    const server = await program.start({ settings: away, until: /^tokens live/ });
    const check = (port: string) => program.run(['--check-health'], { ...away, APP_PORT: port });
    expect(await check(new URL(server.url).port)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not ready: .* 503 /),
    });
    expect(await check('0')).toMatchObject({ code: 1, stderr: expect.stringMatching(/port=0/) });
  });
});
