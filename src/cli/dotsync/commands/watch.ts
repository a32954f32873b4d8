import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { define, type Making } from '../../command.ts';
import { type Context, Interruption } from '../../context.ts';
import { endOf, Failure } from '../../failure.ts';
import { say } from '../../output.ts';
import { Loop } from '../daemon/loop.ts';
import { Watcher } from '../daemon/watcher.ts';
import { atWork, failing, failureOf, openDesk } from '../desk.ts';
import { nodeDisk } from '../engine/node-disk.ts';
import { type FileReport, hasNews, type Report, syncRound } from '../engine/round.ts';
import { Busy, lock } from '../home/lock.ts';
import { conflictSentence, lostSentence } from './sentences.ts';

/** `keybin dotsync watch`. */
export function watch(context: Context, making: Making): Command {
  return define(
    'watch',
    'Syncs as long as it runs: at once when a watched file changes, every minute, and after sleep. While the server cannot be reached it tries less and less often. One for each home folder.',
    [
      ['in a terminal', 'dotsync watch'],
      ['in the background, whenever you are signed in', 'dotsync service install'],
    ],
    making,
  ).action(failing(() => run(context)));
}

async function run(context: Context): Promise<void> {
  const { folder } = openDesk(context);
  const free = await lock(nodeDisk, folder.locks, 'watch').catch(error => {
    if (!(error instanceof Busy)) throw error;
    const what = `keybin dotsync watch runs on this home already (${error.file})`;
    throw new Failure(EXIT.failed, `${what}; end that one first, or remove the file if there is none`);
  });
  const stop = new AbortController();
  let name: NodeJS.Signals | undefined;
  const own = { ...context, signal: stop.signal, stdout: context.stdout, stderr: context.stderr };
  const told = new Told(own);
  let tracked: Report['tracked'] | undefined;
  const watcher: Watcher = new Watcher(
    () => loop.changed(),
    error =>
      void told.trouble(`changes cannot be watched (${sentence(error)}); files are looked at every minute instead`),
  );
  async function round(lazy: boolean): Promise<void> {
    const desk = openDesk(own);
    await atWork(folder, stop.signal, async () => {
      const options = desk.round();
      if (lazy && tracked !== undefined && !hasNews(options, tracked)) return;
      const report = await syncRound(options);
      tracked = report.tracked;
      await told.report(report, new Map(desk.settings.configs.map(config => [config.id, config.name])));
      await watcher.follow(desk.place, [...tracked.values()].flat());
    });
  }
  const timer = { now: Date.now, after: afterAwake };
  const loop = new Loop(timer, {
    round,
    patience: error => (isHopeless(error) ? undefined : ((error as { retryAfter?: number }).retryAfter ?? 0)),
    failed: (error, next) => {
      if (!stop.signal.aborted) void told.trouble(`${sentence(error)}; the next try is in ${Math.ceil(next / 1000)} s`);
    },
  });
  context.takeSignals(given => {
    name = given;
    stop.abort(new Interruption());
    void loop.stop();
  });
  try {
    await say(own, 'watching; Ctrl-C ends it');
    await loop.ended;
  } finally {
    await watcher.close();
    free();
  }
  if (name === 'SIGINT') throw new Interruption();
}

function afterAwake(ms: number, work: () => void): () => void {
  const timeout = setTimeout(work, ms);
  return () => clearTimeout(timeout);
}

/** Nothing helps but the user: this machine is signed in no longer. */
function isHopeless(error: unknown): boolean {
  const failure = failureOf(error);
  return failure instanceof Failure && failure.exitCode === EXIT.notSignedIn;
}

function sentence(error: unknown): string {
  return endOf(failureOf(error)).message;
}

/** What was said already: a conflict that waits is no news every minute. */
class Told {
  readonly #context: Context;
  #standing = new Set<string>();
  #trouble: string | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  async report({ files, lost }: Report, names: ReadonlyMap<string, string>): Promise<void> {
    if (this.#trouble !== undefined) await this.#say('the server is there again');
    this.#trouble = undefined;
    const standing = new Set<string>();
    const lines = [...files.map(lineOf), ...lost.map(id => ({ line: lostSentence(names.get(id) ?? id), stays: true }))];
    for (const { line, stays } of lines) {
      if (stays) standing.add(line);
      if (!this.#standing.has(line)) await this.#say(line);
    }
    this.#standing = standing;
  }

  /** Says what does not work, once. */
  async trouble(text: string): Promise<void> {
    const what = text.replace(/\d+/g, '');
    if (what !== this.#trouble) await say(this.#context, text);
    this.#trouble = what;
  }

  #say(line: string): Promise<void> {
    return this.#context.stdout.write(`${line}\n`);
  }
}

function lineOf({ what, path, reason }: FileReport): { line: string; stays: boolean } {
  if (what === 'conflict') return { line: conflictSentence(path), stays: true };
  if (what === 'skipped') return { line: `skipped ${path}: it ${reason}`, stays: true };
  return { line: what === 'gone' ? `${path} is watched no longer; it stays here` : `${what} ${path}`, stays: false };
}
