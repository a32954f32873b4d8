import { expect, test } from 'vitest';
import type { Core } from '../../src/core/context.ts';
import { configsSpec, filesSpec } from '../../src/core/dotfiles/collection.ts';
import { dotfileSets, readDotfile } from '../../src/core/dotfiles/read.ts';
import { setEntry } from '../../src/core/entries/entries.ts';
import { createHistory } from '../../src/core/events/history/history.ts';
import { overviewOf } from '../../src/core/overview.ts';
import { addPunch } from '../../src/core/punches/edit.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore, outcomes } from './open-core.ts';
import { person } from './people.ts';

async function addDotfiles(core: Core): Promise<void> {
  const files = ['~/.vimrc', '~/.old', '~/.new'];
  const config = { user_id: 'ann', id: 'c', seq: 1, files: JSON.stringify(files), epochs: '[1,5,1]' };
  await core.storage.collection(configsSpec).insert({ ...config, created: 1, updated: 2, revision: 5 });
  const state = { user_id: 'ann', config: 'c', epoch: 1, sha256: 'f', size: 2, modified: 7000 };
  for (const path of ['~/.vimrc', '~/.old']) {
    await core.storage.collection(filesSpec).insert({ ...state, path, content: Buffer.from('hi') });
  }
}

forEachEngine('overviews and dotfiles', engine => {
  test('an overview counts what an account has, and of others nothing', async () => {
    const { core } = await openCore(engine);
    await setEntry(core, 'ann', 'k', 1);
    await setEntry(core, 'bob', 'k', 1);
    const running = await addPunch(core, 'ann', { project: 'a', in: core.clock.now() - 1000 });
    await addDotfiles(core);
    expect(await overviewOf(core, 'ann')).toEqual({
      entries: { count: 1, more: false },
      tokens: { count: 0, more: false },
      sessions: { count: 0, more: false },
      devices: { count: 0, more: false, lastSeen: undefined },
      punches: { count: 1, more: false, last: running, running },
      dotfiles: { count: 2, more: false, sets: 1, lastChange: new Date(7000) },
      events: undefined,
    });
  });

  test('an overview counts the shared events of members', async () => {
    const { core, settings } = await openCore(engine);
    const [ann, bob] = [await person(core, 'ann', { simple_sync: true }), await person(core, 'bob')];
    const event = { timestamp: 7, itemUuid: 'i', action: 'a', payload: '' };
    await createHistory(core).add(bob.user_id, [
      { ...event, uuid: '1' },
      { ...event, uuid: '2', timestamp: 5 },
    ]);
    const seen = { count: 2, more: false, last: new Date(7000) };
    expect((await overviewOf(core, ann.user_id)).events).toEqual(seen);
    expect((await overviewOf(core, bob.user_id)).events).toBeUndefined();
    settings.eventsOpenToAll = true;
    expect((await overviewOf(core, bob.user_id)).events).toEqual(seen);
  });

  test('dotfiles are listed with what the server has of them, and read', async () => {
    const { core } = await openCore(engine);
    await addDotfiles(core);
    const sets = [];
    for await (const set of dotfileSets(core, 'ann')) sets.push(set);
    expect(sets).toMatchObject([
      {
        id: 'c',
        files: [{ path: '~/.vimrc', copy: { size: 2, modified: 7000 } }, { path: '~/.old' }, { path: '~/.new' }],
      },
    ]);
    expect(sets[0]?.files[1]?.copy).toBeUndefined();
    expect(Buffer.from((await readDotfile(core, 'ann', 'c', '~/.vimrc')).content).toString()).toBe('hi');
    const missing = [readDotfile(core, 'ann', 'c', '~/.old'), readDotfile(core, 'bob', 'c', '~/.vimrc')];
    expect(await outcomes(missing)).toEqual(['dotfile_not_found', 'dotfile_not_found']);
  });
});
