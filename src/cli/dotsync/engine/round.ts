import { dirname, join } from 'node:path';
import { apply, type Outcome, REPLACED, removeCopies, type Work } from './apply.ts';
import { batchesOf } from './batches.ts';
import { BadAnswer } from './lines.ts';
import { look, type Place, reasonOf } from './look.ts';
import { localPath } from './paths.ts';
import { isSettled, planFor, type Task } from './plan.ts';
import type { Remote } from './remote.ts';
import type { State } from './state.ts';
import { hashOf, pruneKept, tidy } from './write.ts';

/** How often files are looked at again in a round: some want a second request, such as those that were edited meanwhile. */
const PASSES = 4;

/** What a round came to, for one file. */
export interface FileReport {
  readonly config: string;
  readonly path: string;
  /** `skipped` was left alone, for a reason; `gone` is watched no longer; `conflict` waits for its user. */
  readonly what: 'sent' | 'received' | 'conflict' | 'skipped' | 'gone';
  /** In words that follow the path. */
  readonly reason?: string;
  /** Of a conflict: where the server's copies lie. */
  readonly copies?: readonly string[];
}

/** What a round came to. */
export interface Report {
  readonly files: FileReport[];
  /** Paths of the files that are watched, by config. */
  readonly tracked: Map<string, readonly string[]>;
  /** Configs that this machine takes part in and the server has not. */
  readonly lost: string[];
}

/** What a round works with. */
export interface RoundOptions {
  readonly place: Place;
  readonly state: State;
  readonly remote: Remote;
  readonly machine: string;
  /** Ids of the configs that this machine takes part in. */
  readonly configs: readonly string[];
  /** Only these files are dealt with. */
  readonly only?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  /** Called for each file that was dealt with, with the number of files. */
  readonly dealt?: (files: number) => void;
}

/**
 * One round over all configs: sends what changed, takes what is new. Throws errors of the client library, `BadAnswer` when the answer
 * breaks off, and errors of the disk that are no fault of one file; what was done until then is remembered.
 */
export async function syncRound(options: RoundOptions): Promise<Report> {
  const report: Report = { files: [], tracked: new Map(), lost: [] };
  pruneKept(options.place.disk, join(options.place.own, REPLACED));
  for (const id of options.configs) {
    const config = await options.remote.config(id, options.signal);
    if (config === undefined) report.lost.push(id);
    else await syncConfig(options, id, config.files, report);
  }
  return report;
}

/** Tells whether a file here has changed since the last round; asks nobody. `files` are the watched ones, by config. */
export function hasNews(
  { place, state }: Pick<RoundOptions, 'place' | 'state'>,
  files: ReadonlyMap<string, readonly string[]>,
): boolean {
  return [...files].some(([config, paths]) =>
    paths.some(path => {
      const { send, look: found } = planned({ place, state, config }, path);
      return send !== 'nothing' || found.kind === 'absent';
    }),
  );
}

async function syncConfig(options: RoundOptions, id: string, paths: readonly string[], report: Report): Promise<void> {
  const { place, state, only } = options;
  const files = new Map<string, FileReport>();
  const tell = (path: string, what: FileReport['what'], more: Partial<FileReport> = {}) =>
    files.set(path, { config: id, path, what, ...more });
  const work: Work = { place, state, machine: options.machine, config: id };
  const tracked = new Set(paths);
  for (const path of state.paths(id)) {
    if (tracked.has(path)) continue;
    state.set(id, path, {});
    tell(path, 'gone');
  }
  report.tracked.set(id, paths);
  tidyBeside(place, paths);
  for (let pass = 0; pass < PASSES; pass++) {
    const again = await onePass(options, work, paths, (task, outcome) => {
      const { what } = outcome;
      if (only !== undefined && !only.has(task.path)) return;
      if (what === 'waits' && task.waits !== 'is in conflict') tell(task.path, 'skipped', { reason: task.waits ?? '' });
      else if (what === 'waits' || what === 'conflict') {
        tell(task.path, 'conflict', { copies: state.get(id, task.path).conflict?.copies ?? [] });
      } else if (what !== 'same') tell(task.path, what);
    });
    if (!again) break;
  }
  report.files.push(...files.values());
}

/** Each file once. True: some are to be looked at again. */
async function onePass(
  { remote, only, signal, dealt }: RoundOptions,
  work: Work,
  paths: readonly string[],
  tell: (task: Task, outcome: Outcome) => void,
): Promise<boolean> {
  const { place, state, config } = work;
  const tasks = paths.map(path => {
    const task = planned(work, path);
    if (task.take === 'file' && task.look.kind === 'file') removeCopies(work, task.known, [task.look.sha256]);
    return only === undefined || only.has(path)
      ? task
      : { ...task, send: 'nothing' as const, take: 'nothing' as const };
  });
  const skip = (task: Task, reason: string) => tell({ ...task, waits: reason }, { what: 'waits' });
  let again = false;
  for (const batch of batchesOf(place.disk, tasks, { state, config }, skip)) {
    let done = false;
    for await (const line of remote.sync(config, batch.entries, signal)) {
      signal?.throwIfAborted();
      if (line.event === 'error') throw new BadAnswer(line.error);
      done ||= line.event === 'done';
      const about = line.event === 'file' ? batch.tasks.get(line.path) : undefined;
      if (about === undefined || line.event !== 'file') continue;
      dealt?.(paths.length);
      try {
        const outcome = apply(work, about.task, line, about.sent);
        again ||= outcome.again === true;
        tell(about.task, outcome);
      } catch (error) {
        skip(about.task, reasonOf(error));
      }
    }
    if (!done) throw new BadAnswer('the answer of the server was cut off; run it again');
  }
  return again;
}

/** The plan for a file as it lies here. A conflict whose copies say what stands in the file is none any more. */
export function planned({ place, state, config }: Pick<Work, 'place' | 'state' | 'config'>, path: string): Task {
  const found = look(place, path);
  const known = state.get(config, path);
  const copies = copiesOf(place, known.conflict?.copies ?? []);
  const sha256 = found.kind === 'file' ? found.sha256 : undefined;
  return planFor(path, found, known, isSettled(sha256, known.conflict?.sha256, copies) ? [] : copies);
}

/** Hashes of the copies that are still there; one that cannot be read has none. */
function copiesOf({ disk, home }: Place, copies: readonly string[]): (string | undefined)[] {
  return copies.flatMap(copy => {
    const file = localPath(home, copy);
    try {
      return disk.find(file) === undefined ? [] : [hashOf(disk, file)];
    } catch (error) {
      reasonOf(error);
      return [undefined];
    }
  });
}

/** Removes what a killed process left beside the files. */
function tidyBeside(place: Place, paths: readonly string[]): void {
  const folders = new Set<string>();
  for (const path of paths) {
    const found = look(place, path);
    folders.add(dirname(localPath(place.home, path)));
    if (found.kind !== 'blocked') folders.add(dirname(found.target));
  }
  for (const folder of folders) {
    try {
      tidy(place.disk, folder);
    } catch (error) {
      reasonOf(error);
    }
  }
}
