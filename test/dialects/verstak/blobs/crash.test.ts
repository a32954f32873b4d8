import { randomBytes } from 'node:crypto';
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../../../support/process.ts';
import { beginUpload, endUpload, sha256 } from './form.ts';
import { pair, WITH_ACCOUNT } from './process.ts';

const DAY = 24 * 3_600_000;

test('an upload that a kill -9 interrupts leaves a file that goes a day later, and nothing else', async ({
  program,
}) => {
  const incoming = join(program.folder, 'data/blobs/incoming');
  const content = randomBytes(100_000).toString('hex');
  const first = await program.start({ settings: WITH_ACCOUNT });
  const device = await pair(first);
  await beginUpload(first, device, content);
  const written = async () => {
    const [name] = await readdir(incoming);
    return name === undefined ? 0 : (await stat(join(incoming, name))).size;
  };
  await expect.poll(written, { timeout: 10_000 }).toBeGreaterThan(50_000);
  await first.stop('SIGKILL');
  expect(await readdir(incoming)).toHaveLength(1);

  const look = async (server: typeof first) => {
    const { headers } = device;
    const answer = await server.request('GET', `/api/v1/blobs/${sha256(content)}`, undefined, headers);
    return [answer.status, answer.json.code];
  };
  const second = await program.start({ settings: WITH_ACCOUNT });
  expect(await look(second)).toEqual([404, 'blob_not_found']);
  expect(await readdir(incoming)).toHaveLength(1);
  expect((await readdir(join(program.folder, 'data/blobs'))).filter(name => name !== 'incoming')).toEqual([]);
  await second.stop();

  // The name says when it began.
  const [name = ''] = await readdir(incoming);
  const [began = '', ...rest] = name.split('.');
  await rename(join(incoming, name), join(incoming, [Number(began) - DAY - 1, ...rest].join('.')));
  const third = await program.start({ settings: WITH_ACCOUNT });
  await expect.poll(() => readdir(incoming), { timeout: 10_000 }).toEqual([]);
  expect(await look(third)).toEqual([404, 'blob_not_found']);
  expect(await third.stop()).toEqual({ code: 0, signal: null });
});

test('an upload that is under way when the server is told to stop is finished first', async ({ program }) => {
  const server = await program.start({ settings: WITH_ACCOUNT });
  const device = await pair(server);
  const client = await beginUpload(server, device, 'under way');
  await expect.poll(() => readdir(join(program.folder, 'data/blobs/incoming'))).toHaveLength(1);
  server.signal('SIGTERM');
  expect(await endUpload(client)).toEqual({ status: 200, json: { sha256: sha256('under way'), size: 9 } });
  expect(await server.end()).toEqual({ code: 0, signal: null });
  const again = await program.start({ settings: WITH_ACCOUNT });
  const answer = await again.request('GET', `/api/v1/blobs/${sha256('under way')}`, undefined, device.headers);
  expect(answer.text).toBe('under way');
});
