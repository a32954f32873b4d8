import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { rawRequest } from '../http/raw-request.ts';
import { MAIN, type Program, test } from '../support/process.ts';

/** The program with faults at requests that ask for them: what a bug in a callback would do. */
async function faulty(program: Program): Promise<string> {
  const main = join(program.folder, 'faulty.mjs');
  await writeFile(
    main,
    `import { subscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
subscribe('http.server.request.start', ({ request }) => {
  if (request.url === '/livez?throw') setImmediate(() => { throw new TypeError('a bug'); });
  if (request.url === '/livez?emit') process.nextTick(() => new EventEmitter().emit('error', new Error('unheard')));
  if (request.url === '/livez?reject') Promise.reject(new Error('nobody waits'));
});
await import(${JSON.stringify(MAIN)});
`,
  );
  return main;
}

test('an error that nobody hears ends neither the process nor what others do, and is in the log', async ({
  program,
}) => {
  const server = await program.start({ main: await faulty(program) });
  await server.register('ann');
  const token = await server.token('ann');
  for (const kind of ['throw', 'emit', 'reject']) {
    const before = server.log.length;
    const others = Array.from({ length: 5 }, (_, i) =>
      server.request('POST', `/user/${token}/store/${kind}${i}`, { value: i }),
    );
    await server.request('GET', `/livez?${kind}`);
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(5).fill(200));
    const line = await server.logged(/^unexpected error/, before);
    expect(line).toMatchObject({ level: 50, err: { stack: expect.any(String) } });
  }
  expect(server.log.filter(({ msg }) => /^unexpected error/.test(msg))).toHaveLength(3);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test('a body that is over the limit and not what its coding says ends no process', async ({ program }) => {
  const server = await program.start();
  const over = Buffer.alloc(70_000, 'a');
  for (const coding of ['br', 'BR', 'gzip', 'x-gzip', 'deflate', 'zstd', 'compress', 'br, gzip', '\t']) {
    for (const body of [over, over.subarray(0, 1_000), brotliCompressSync(over), gzipSync(over), [over, over]]) {
      const headers = { 'Content-Encoding': coding };
      const answer = await rawRequest(server.url, { method: 'POST', path: '/register', headers, body });
      expect([400, 413]).toContain(answer.status);
    }
  }
  expect((await server.request('GET', '/livez')).status).toBe(200);
  expect(server.log.filter(({ level }) => level >= 50)).toEqual([]);
});
