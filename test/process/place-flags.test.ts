import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { test } from '../support/process.ts';

/** An address that no machine has: for documents. */
const ELSEWHERE = '192.0.2.1';

/** A port that is free. */
async function freePort(): Promise<string> {
  const server = createServer();
  const port = await new Promise<string>(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' ? String(address?.port) : '');
    });
  });
  await new Promise(resolve => server.close(resolve));
  return port;
}

describe.concurrent('the flags of the address and the folder', () => {
  test('win over the environment, and what was stored is in that folder', async ({ program }) => {
    const port = await freePort();
    const args = ['--listen', '127.0.0.1', '--port', port, '--data', 'server-data'];
    const server = await program.start({ args, settings: { APP_HOST: ELSEWHERE, STORE_HOST: 'file:./elsewhere' } });
    expect(server.url).toBe(`http://127.0.0.1:${port}`);
    await server.register('ann');
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(join(program.folder, 'server-data/keybin.mdb'))).toBe(true);
    expect(existsSync(join(program.folder, 'elsewhere'))).toBe(false);
    const again = await program.start({ args });
    await again.token('ann');
  });

  test('are shown by --check-config', async ({ program }) => {
    const end = await program.run(['--check-config', '--listen=::', '--port=47732', '--data=./server-data']);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    for (const line of ['host=:: ; --listen', 'port=47732 ; --port', 'host=file:./server-data ; --data']) {
      expect(end.stdout).toContain(`${line}\n`);
    }
  });

  test('that are wrong end the program with code 1, or 2 when nothing was given', async ({ program }) => {
    const wrong = await program.run(['--port=70000']);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('--port: [APP] port: found "70000"');
    expect(await program.run(['--data'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('two workers', () => {
  test('hold to the flags of the address and the folder, after SIGHUP too', async ({ program }) => {
    const port = await freePort();
    const args = ['--listen=127.0.0.1', `--port=${port}`, '--data=server-data'];
    const server = await program.start({ args, settings: { APP_WORKERS: '2', APP_HOST: ELSEWHERE } });
    const said = (message: RegExp) => server.log.filter(line => message.test(line.msg));
    await expect.poll(() => said(/^ready$/).length, { timeout: 15_000 }).toBe(2);
    expect(said(/listens on/).map(line => line.url)).toEqual(Array(2).fill(`http://127.0.0.1:${port}`));
    for (const { msg } of said(/^data: /)) expect(msg).toMatch(/\/server-data$/);
    server.signal('SIGHUP');
    await expect.poll(() => said(/^configuration read again$/).length, { timeout: 15_000 }).toBe(2);
    for (const line of said(/^configuration read again$/)) expect(line).toMatchObject({ changed: [], waiting: [] });
    await server.register('ann');
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
