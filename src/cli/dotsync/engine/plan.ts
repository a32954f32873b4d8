import type { Look } from './look.ts';
import type { Known } from './state.ts';

/** What is to be done about a tracked file in a sync: what is sent, and what its answer may change. */
export interface Task {
  readonly path: string;
  readonly look: Look;
  readonly known: Known;
  /** `nothing`: only what is known; `mode`: the content, with its mode. */
  readonly send: 'nothing' | 'content' | 'mode';
  /** What is sent as the last synced content, if anything is. */
  readonly base?: string;
  /** What an answer with the server's content is for. */
  readonly take: 'file' | 'copy' | 'nothing';
  /** Why the file is left alone, in words that follow its name. */
  readonly waits?: string;
}

/**
 * What is to be done about a file (contract, sections 4 and 5): a function of what lies there and what is remembered. `copies` are the
 * hashes of the copies of its conflict that are still there.
 */
export function planFor(path: string, look: Look, known: Known, copies: readonly (string | undefined)[] = []): Task {
  const { base, conflict } = known;
  const task = { path, look, known };
  if (look.kind === 'blocked') return { ...task, send: 'nothing', take: 'nothing', waits: look.reason, ...based(base) };
  // A file that was deleted here is received again; `rm` is how one stops.
  if (look.kind === 'absent') return { ...task, send: 'nothing', take: 'file' };
  if (conflict !== undefined && copies.length > 0) {
    return { ...task, send: 'nothing', take: 'copy', waits: 'is in conflict', ...based(conflict.sha256) };
  }
  // Whoever took the copy away has merged it: what is here is made on top of it.
  const made = conflict?.sha256 ?? base;
  // A machine that never synced the file does not know better what its mode is to be.
  const mode = known.mode !== undefined && look.mode !== known.mode;
  if (look.sha256 === made && !mode) return { ...task, send: 'nothing', take: 'file', ...based(made) };
  return { ...task, send: mode ? 'mode' : 'content', take: 'file', ...based(made) };
}

/** Whether the file has come to what the server has, and its copies say nothing else. */
export function isSettled(
  sha256: string | undefined,
  theirs: string | undefined,
  copies: readonly (string | undefined)[],
): boolean {
  return sha256 !== undefined && sha256 === theirs && copies.every(copy => copy === theirs);
}

function based(base: string | undefined): { base?: string } {
  return base === undefined ? {} : { base };
}
