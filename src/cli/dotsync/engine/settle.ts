import { join } from 'node:path';
import { REPLACED, type Work } from './apply.ts';
import { FILE_BYTES, look } from './look.ts';
import { localPath } from './paths.ts';
import { discard, hashOf, replace } from './write.ts';

/** A conflict that cannot be ended so; the message says why. */
export class Unsettled extends Error {}

/**
 * Ends the conflict of a file for one side. `force`: although a copy was changed since it was received. Killed in between, it can be run
 * again, or was done. Throws `Unsettled`, errors of the disk.
 */
export function settle(
  { place, state, config }: Omit<Work, 'machine'>,
  path: string,
  side: 'mine' | 'theirs',
  force: boolean,
): void {
  const { disk, home, own } = place;
  const { conflict, ...known } = state.get(config, path);
  const found = look(place, path);
  if (conflict === undefined)
    throw new Unsettled(`${path} is in no conflict; keybin dotsync status shows which files are`);
  if (found.kind === 'blocked') throw new Unsettled(`${path} ${found.reason}`);
  const copies = conflict.copies.map(copy => localPath(home, copy)).filter(copy => hashOf(disk, copy) !== undefined);
  const changed = copies.filter(copy => hashOf(disk, copy) !== conflict.sha256);
  if (changed.length > 0 && !(force || (side === 'theirs' && copies.length === 1))) {
    throw new Unsettled(`${changed[0]} was changed since it was received; merge it, or add --yes if it may go`);
  }
  // What the server has, before what somebody has changed.
  const theirs = copies.find(copy => !changed.includes(copy)) ?? copies.at(-1);
  if (side === 'theirs') {
    if (theirs === undefined)
      throw new Unsettled(`the copy beside ${path} is gone; with --mine, what stands in the file is sent`);
    const content = disk.read(theirs, FILE_BYTES);
    const before = found.kind === 'file' ? found.sha256 : undefined;
    const mode = found.kind === 'file' ? found.mode : '0600';
    if (!replace(disk, found.target, content, { mode, before, keep: join(own, REPLACED) })) {
      throw new Unsettled(`${path} is being changed just now; try again`);
    }
  }
  for (const copy of copies) discard(disk, copy, join(own, REPLACED));
  state.set(config, path, { ...known, base: conflict.sha256 });
}
