import { join } from 'node:path';
import { sha256Of } from './hash.ts';
import { BadAnswer, type FileLine } from './lines.ts';
import type { Place } from './look.ts';
import { localPath, trackedPath } from './paths.ts';
import type { Task } from './plan.ts';
import type { Known, State } from './state.ts';
import { discard, hashOf, layBeside, replace } from './write.ts';

/** Mode of a file that is received without one: for its user alone. */
const PRIVATE = '0600';

/** The folder of dotsync in which files and copies are kept that were replaced or taken away. */
export const REPLACED = 'replaced';

/** What became of a file. `again`: it is to be looked at once more in this round. */
export interface Outcome {
  readonly what: 'same' | 'sent' | 'received' | 'conflict' | 'waits' | 'gone';
  readonly again?: boolean;
}

/** What a sync works with. */
export interface Work {
  readonly place: Place;
  readonly state: State;
  /** The name of this machine, part of the names of copies. */
  readonly machine: string;
  readonly config: string;
}

/**
 * Does what the server's line about a file asks for, and remembers it, in this order: killed in between, the next round finds out the
 * same again. `sent` is the hash of the content that was sent, or what the file had when nothing was. Throws errors of the disk.
 */
export function apply(work: Work, task: Task, line: FileLine, sent: string | undefined): Outcome {
  const { state, config } = work;
  const { path, look, known } = task;
  if (line.status === 'refused') {
    state.set(config, path, {});
    return { what: 'gone' };
  }
  if (task.take === 'nothing') return { what: 'waits' };
  if (line.status === 'missing') {
    // The path was taken out and listed again: the server has nothing, so the next round is the first one.
    if (known.base !== undefined || known.conflict !== undefined) state.set(config, path, {});
    return { what: 'same', again: look.kind === 'file' && task.send === 'nothing' };
  }
  if (line.status === 'updated') return update(work, task, line, sent);
  if (line.status === 'conflict') return keepBoth(work, task, line);
  if (task.take === 'copy') return { what: 'waits' };
  return agree(work, task, line, sent);
}

/** `stored` and `unchanged`: both have the same content now; the mode may still differ. */
function agree(work: Work, task: Task, line: FileLine, sent: string | undefined): Outcome {
  const { look, known, send } = task;
  if (look.kind !== 'file' || sent === undefined) return { what: 'same' };
  const what = line.status === 'stored' ? 'sent' : 'same';
  if (line.mode === null) {
    // The server has no mode yet: the next look sends it.
    remember(work, task, { base: sent, mode: '' });
    return { what, again: true };
  }
  if (send !== 'mode' && line.mode !== known.served && line.mode !== look.mode) {
    work.place.disk.setMode(look.target, line.mode);
    remember(work, task, { base: sent, ...modesAfter(work, look.target, line.mode) });
    return { what: what === 'same' ? 'received' : what };
  }
  const after = { base: sent, mode: look.mode, served: line.mode };
  const same = known.base === after.base && known.mode === after.mode && known.served === after.served;
  if (!same || known.conflict !== undefined) remember(work, task, after);
  return { what };
}

/** `updated`: the server has something newer, made on top of what is here. */
function update(work: Work, task: Task, line: FileLine, sent: string | undefined): Outcome {
  const { look, known } = task;
  if (task.take === 'copy') return keepBoth(work, task, line);
  if (look.kind === 'blocked') return { what: 'waits' };
  // Nothing but what was told to the server may be replaced.
  if (look.kind === 'file' && sent !== task.base) return { what: 'same', again: true };
  const content = contentOf(line);
  const changed = look.kind === 'file' && known.mode !== undefined && known.mode !== '' && look.mode !== known.mode;
  const mode = changed ? look.mode : (line.mode ?? (look.kind === 'file' ? look.mode : PRIVATE));
  const before = look.kind === 'file' ? sent : undefined;
  const keep = join(work.place.own, REPLACED);
  if (!replace(work.place.disk, look.target, content, { mode, before, keep })) return { what: 'same', again: true };
  const modes = changed ? { mode: known.mode } : modesAfter(work, look.target, line.mode);
  const base = sha256Of(content);
  // Whoever takes a file in conflict away wants the server's, which lies beside it no longer then.
  removeCopies(work, known, [base, known.conflict?.sha256]);
  remember(work, task, { base, ...(line.mode !== null && { served: line.mode }), ...modes });
  return { what: 'received', again: changed };
}

/** Removes the copies of a conflict that have one of these hashes. */
export function removeCopies(
  { place }: Pick<Work, 'place'>,
  { conflict }: Known,
  hashes: readonly (string | undefined)[],
): void {
  for (const copy of conflict?.copies ?? []) {
    const file = localPath(place.home, copy);
    const sha256 = hashOf(place.disk, file);
    if (sha256 !== undefined && hashes.includes(sha256)) discard(place.disk, file, join(place.own, REPLACED));
  }
}

/** The server's copy is laid beside the file, which stays as it is; a copy that nobody has touched makes way for its successor. */
function keepBoth(work: Work, task: Task, line: FileLine): Outcome {
  const { place, machine } = work;
  const { known, path } = task;
  const content = contentOf(line);
  const sha256 = sha256Of(content);
  const home = place.home;
  const before = known.conflict;
  let kept = before?.copies.filter(copy => hashOf(place.disk, localPath(home, copy)) !== undefined) ?? [];
  const untouched = kept.find(copy => hashOf(place.disk, localPath(home, copy)) === before?.sha256);
  const write = { mode: PRIVATE, before: before?.sha256, keep: join(place.own, REPLACED) };
  if (untouched === undefined || !replace(place.disk, localPath(home, untouched), content, write)) {
    const name = layBeside(place.disk, `${localPath(home, path)}.dotsync-${machine}`, content, PRIVATE);
    kept = [...new Set([...kept, trackedPath(home, name)])];
  }
  remember(work, task, { ...known, conflict: { sha256, copies: kept } });
  return { what: 'conflict' };
}

function remember({ state, config }: Work, { path }: Task, known: Known): void {
  state.set(config, path, known);
}

/** The mode that a file has after it was given one: a disk may keep none, and that is no change of its user's. */
function modesAfter({ place }: Work, target: string, served: string | null): Known {
  const mode = place.disk.find(target)?.mode;
  return { ...(mode !== undefined && { mode }), ...(served !== null && { served }) };
}

/** Throws `BadAnswer` when the bytes are not those that the line speaks of. */
function contentOf(line: FileLine): Uint8Array {
  const content = Buffer.from(line.content ?? '', 'base64');
  if (line.content === undefined || sha256Of(content) !== line.sha256) {
    throw new BadAnswer('the server sent a content that does not have its hash');
  }
  return content;
}
