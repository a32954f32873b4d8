/** docs/backup-format.md: what it says can be done with ordinary tools, and that a backup of this form can be restored for ever. */

import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { collections } from '../../src/app.ts';
import { readBackup } from '../../src/keep/file/read.ts';
import { fillStore } from '../../src/keep/fill-store.ts';
import { verifyBackup } from '../../src/keep/verify.ts';
import { forEachEngine } from '../support/engines.ts';
import { startServer } from '../support/server.ts';

const run = promisify(execFile);
const KEPT = fileURLToPath(new URL('kept-form-1.ndjson.gz', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/backup-format.md', import.meta.url));

test('the commands of docs/backup-format.md say what it says', async ({ skip }) => {
  await run('jq', ['--version']).catch(() => skip('jq is not installed'));
  const [, block = ''] = /```sh\n(gunzip.*?)```/s.exec(await readFile(PAGE, 'utf8')) ?? [];
  const commands = block
    .trim()
    .split('\n')
    .map(line => (line.split(' #')[0] as string).replace('backup.ndjson.gz', KEPT));
  const answers = await Promise.all(commands.map(async command => (await run('sh', ['-c', command])).stdout.trim()));
  const [manifest, names, counts, end, sum] = answers as [string, string, string, string, string];
  expect(JSON.parse(manifest)).toMatchObject({ keybin_backup: 1, engine: 'embedded' });
  expect(names.split('\n').sort()).toEqual(['ann', 'root']);
  expect(counts).toMatch(/\b2 users/);
  expect(JSON.parse(end).documents.users).toBe(2);
  const last = (await run('sh', ['-c', `gunzip -c ${KEPT} | tail -n 1`])).stdout;
  expect(sum).toContain(JSON.parse(last).sha256);
});

forEachEngine('a backup of form 1 that was kept', engine => {
  test('is whole, and a server on it has what was stored', async () => {
    expect((await verifyBackup(await readBackup(createReadStream(KEPT)), collections)).problems).toEqual([]);
    const opened = await engine.open({ specs: collections });
    onTestFinished(() => opened.cleanup());
    const { items, manifest } = await readBackup(createReadStream(KEPT));
    await fillStore(opened.storage, collections, items, { copy: manifest.id });
    await opened.reopen();
    const server = await startServer(opened);
    onTestFinished(() => server.stop());
    const token = (await server.request('POST', '/token', { username: 'ann', password: 's3cret' })).json.token.token;
    const get = (key: string) =>
      server.request('GET', `/v2/kv/${key}`, undefined, { Authorization: `Bearer ${token}` });
    expect((await get('text')).text).toBe('a text');
    expect((await get('bytes')).headers.get('content-type')).toBe('application/octet-stream');
    expect((await get('long')).text).toBe('long '.repeat(250_000));
  });
});
