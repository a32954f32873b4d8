import { readFileSync, readlinkSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { StartupError } from '../../../base/errors.ts';
import type { InTransaction, Meta } from './layout.ts';

/** What the library prints instead of its table of readers when nobody is in it. */
const NOBODY = 'no active readers';

/** Key in the facts about the folder. */
const SPACE = 'process_space';

/**
 * Refuses to share a folder with processes of another space of process ids, such as another container: LMDB tells processes
 * apart by their ids, and two with the same one take each other's locks. Throws `StartupError`.
 *
 * Who comes first writes down its space; who finds others there, and another space written down, goes. Whether others are
 * there is LMDB's own table of readers, which lives and dies with its locks: a process that was killed is not in it, and the
 * first one to open the folder begins a new one. From here on this process stays in the table, because the library
 * keeps a read transaction for as long as the folder is open.
 */
export function demandOneSpace(root: RootDatabase, meta: Meta, folder: string, inTransaction: InTransaction): void {
  const space = ownSpace();
  if (space === undefined) return;
  inTransaction(() => {
    const alone = root.readerList().includes(NOBODY);
    if (!alone && (meta.get(SPACE) ?? space) !== space) {
      throw new StartupError(
        `the data folder ${folder} is in use by a server in another container, or on another machine. Processes can share a ` +
          'folder only where they see each other: stop the other server first, or use MongoDB for several',
      );
    }
    root.useReadTransaction().done(); // into the table, before the next one looks
    if (alone && meta.get(SPACE) !== space) meta.put(SPACE, space);
  });
}

/** Names the space of process ids, and the machine since it was started; undefined where there is no such thing. */
function ownSpace(): string | undefined {
  try {
    return `${readlinkSync('/proc/self/ns/pid')} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}
