/** What only the embedded engine has to see to when it tells what was written. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openFile } from 'lmdb';
import { expect, onTestFinished, test } from 'vitest';
import type { CollectionSpec } from '../../src/storage/port.ts';
import { embedded } from '../support/engines.ts';

interface Leaf {
  tree: string;
  id: string;
  stamp?: number;
}

const leaves: CollectionSpec<Leaf> = {
  name: 'leaves',
  key: ['tree', 'id'],
  owner: 'tree',
  told: { stamp: 'stamp', fields: [] },
};

test('a compact copy, whose transactions begin anew, tells what is written to it behind the positions from before', async () => {
  const { storage, options, reopen, start } = await embedded.open({ specs: [leaves] });
  const copy = await mkdtemp(join(tmpdir(), 'keybin-copy-'));
  onTestFinished(async () => {
    await rm(copy, { recursive: true, force: true });
    await rm(options.host.slice('file:'.length), { recursive: true, force: true });
  });
  for (let i = 0; i < 20; i++) await storage.collection(leaves).put({ tree: 't', id: `${i}` });
  const position = (await storage.changes?.position()) ?? '';
  await storage.close();
  const file = openFile({
    path: join(options.host.slice('file:'.length), 'keybin.mdb'),
    noSubdir: true,
    maxDbs: 128,
  } as never);
  await mkdir(join(copy, 'blobs'));
  await file.backup(join(copy, 'keybin.mdb'), true);
  await file.close();
  const copied = await start({ host: `file:${copy}` });
  await copied.ready;
  await copied.collection(leaves).put({ tree: 't', id: 'new' });
  const told = await copied.changes?.since('t', position, 100);
  expect(told?.items.map(({ doc }) => doc.id)).toContain('new');
  const again = await copied.changes?.since('t', told?.position ?? '', 100);
  expect(again?.items).toEqual([]);
  await copied.close();
  await (await reopen()).close();
});
