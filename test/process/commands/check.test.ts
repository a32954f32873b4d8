import { join } from 'node:path';
import { open } from 'lmdb';
import { expect } from 'vitest';
import { collections } from '../../../src/app.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { blobRefsSpec, blobUsageSpec } from '../../../src/core/collections.ts';
import { keyEncoder } from '../../../src/storage/embedded/keys.ts';
import { openStorage } from '../../../src/storage/open.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { type Program, type Settings, test } from '../../support/process.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Writes behind the server's back what no server writes. */
async function spoil(program: Program, engine: Engine, settings: Settings): Promise<void> {
  const host = settings.STORE_HOST ?? `file:${join(program.folder, 'data')}`;
  const options = { host, database: settings.STORE_DATABASE ?? '', names: {}, specs: collections };
  const storage = await openStorage(options, systemClock, silent);
  await storage.ready;
  const created_at = new Date();
  const sha256 = 'ab'.repeat(32);
  await storage.collection(blobRefsSpec).insert({ user_id: 'a', scope: 's', hash: sha256, size: 7, created_at });
  await storage
    .collection(blobUsageSpec)
    .insert({ user_id: 'a', scope: 's', bytes: 5, count: 1, changed_at: created_at });
  await storage.close();
  if (engine.name !== 'embedded') return;
  const root = open({
    path: join(program.folder, 'data', 'keybin.mdb'),
    noSubdir: true,
    maxDbs: 128,
    overlappingSync: false,
  } as never);
  const index = root.openDB({ name: 'data/users/username', keyEncoder, encoder: { useRecords: false } } as never);
  await index.put(['nobody'] as never, ['no-id']);
  await index.remove(['ann'] as never);
  await root.close();
}

forEachEngine('check', engine => {
  test('finds what does not agree, and repairs indexes and sums', async ({ program }) => {
    const settings = program.place(engine);
    const server = await program.start({ settings });
    await server.register('ann');
    await server.stop();
    const sound = await program.run(['check'], settings);
    expect([sound.code, sound.stdout, sound.stderr]).toEqual([
      0,
      '',
      expect.stringContaining('everything is as it must be'),
    ]);

    await spoil(program, engine, settings);
    const found = await program.run(['check', '--json'], settings);
    expect([found.code, found.stderr]).toEqual([3, expect.stringContaining('check --repair')]);
    const own = { what: 'index', where: 'users/username: 1 missing, 1 stray', does: '--repair builds it anew' };
    expect(JSON.parse(found.stdout)).toEqual([
      ...(engine.name === 'embedded' ? [own] : []),
      { what: 'usage', where: 'account a, s', does: '--repair counts again' },
      { what: 'content_gone', where: 'ab'.repeat(32), does: 'a backup may have it' },
    ]);
    expect((await program.run(['check', '--repair'], settings)).code).toBe(3);
    const left = await program.run(['check'], settings);
    expect(left.stdout.split('\t')[0]).toBe('content_gone');
    expect(left.stdout.trim().split('\n')).toHaveLength(1);
    if (engine.name === 'embedded') expect((await program.run(['user', 'ls'], settings)).stdout).toMatch(/^ann\t/);
  });
});
