/** The server's copies of the files of a config. */

import type { Core } from '../../../core/context.ts';
import {
  type ConfigDoc,
  configsSpec,
  type FileDoc,
  type FileState,
  filesSpec,
  trackedBy,
} from '../../../core/dotfiles/collection.ts';
import { pagesOf } from '../../../core/pages.ts';
import { noteDeleted } from '../../../core/quotas/quotas.ts';

const PAGE = 1000;
/** Deletions under way at a time. */
const AT_ONCE = 32;

/** What is stored for a config, by path, without the contents; also what it does not track any more. */
export async function readStates(core: Core, { user_id, id }: ConfigDoc): Promise<Map<string, FileState>> {
  const states = new Map<string, FileState>();
  for await (const page of statePages(core, user_id, id)) for (const file of page) states.set(file.path, file);
  return states;
}

/**
 * Removes what is stored for a config but not tracked by it; everything when it is gone. To be called after a config has
 * changed, and after something was stored for one that changed meanwhile.
 */
export async function dropUntracked(core: Core, accountId: string, id: string): Promise<void> {
  const files = core.storage.collection(filesSpec);
  for await (const page of statePages(core, accountId, id)) {
    if (page.length === 0) return;
    // Read after the page, because no epoch comes back: what the config does not know by now it will never know.
    const config = await core.storage.collection(configsSpec).get([accountId, id]);
    const tracked = config && trackedBy(config);
    const dropped = page.filter(({ path, epoch }) => tracked?.get(path) !== epoch);
    for (let i = 0; i < dropped.length; i += AT_ONCE) {
      const some = dropped.slice(i, i + AT_ONCE);
      await Promise.all(some.map(({ path, epoch }) => files.delete([accountId, id, path], { epoch })));
    }
    if (dropped.length > 0) noteDeleted(core, accountId);
  }
}

function statePages({ storage }: Core, accountId: string, id: string): AsyncGenerator<FileDoc[]> {
  const files = storage.collection(filesSpec);
  const scan = { index: 'state', prefix: [accountId, id], covered: true, limit: PAGE };
  return pagesOf(after => files.scan({ ...scan, ...after }));
}
