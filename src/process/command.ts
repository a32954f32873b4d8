/** What the command line asks for: from arguments to an exit code. */

import cluster from 'node:cluster';
import { buffer } from 'node:stream/consumers';
import { format } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { StartupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { HELP, readArguments } from '../config/arguments.ts';
import { readFlags } from '../config/flags.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { renderEffective } from '../config/render/render.ts';
import { isObserved } from '../config/sections/metrics.ts';
import { buildCommit, packageVersion } from './build-info.ts';
import { commandIn, commands } from './commands/list.ts';
import { tryPlugins } from './commands/try-plugins.ts';
import { warningsOnly } from './commands/warnings-only.ts';
import { logLibraryOutput } from './library-output.ts';
import { tellSystemd } from './notify.ts';
import { createLog, type ProcessLog } from './output.ts';
import { probe } from './probe.ts';
import { reloader } from './reload.ts';
import type { Signals } from './signals.ts';
import { CANNOT_START, type Supervised, superviseWorkers, workersPart } from './workers.ts';

/** Milliseconds between two looks at who the parent process is. */
const PARENT_CHECK = 500;

/** Exit code after a mistake of the program. The others are 0, 1 (cannot start as things are) and 2 (command line). */
const CRASHED = 70;

/** Ends the process at once. */
type End = (code: number) => void;

/** Does what the arguments say; resolves with the exit code. Calls `end` after a mistake of its own. Never rejects. */
export function run(args: readonly string[], signals: Signals, end: End): Promise<number> {
  return command(args, signals, end).catch(failed);
}

async function command(args: readonly string[], signals: Signals, end: End): Promise<number> {
  const at = commandIn(args);
  if (at !== undefined) return (await import('./commands/running.ts')).runCommand(args, at, signals);
  const { action, plugin = '', config: file, flags: given } = readArguments(args, Object.keys(commands));
  if (action === 'help') return print(HELP);
  if (action === 'version') return print(`keybin-server ${packageVersion()}\n`);

  const supervised = await workersPart();
  if (supervised) {
    return serveUntilStopped(supervised.config, supervised, await createLog(supervised.config), signals, end);
  }

  const flags = await readFlags(given, () => buffer(process.stdin));
  const load = rememberingFile(found => loadConfig({ file, found, environment: process.env, flags }));
  const { config, origins, warnings } = await load();
  if (action === 'check-config') {
    for (const warning of warnings) console.error(`warning: ${warning}`);
    await tryPlugins(config);
    return print(renderEffective(config, origins));
  }
  if (action === 'purge-plugin')
    return print(`${await purge(config, plugin)} values of plugin ${plugin} are removed\n`);
  if (action === 'check-health') return probe(config).then(() => print('ready\n'));
  const output = await createLog(config);
  for (const warning of warnings) output.log.warn(warning);
  const updates = {
    onUpdate: (take: (config: Config) => void) => signals.onReload(reloader(load, take, output.log)),
    ready: () => tellSystemd('READY=1', process.env, output.log),
  };
  try {
    if (config.APP.workers === 1) return await serveUntilStopped(config, updates, output, signals, end);
    const metrics = await supervisedMetrics(config, output.log);
    return await superviseWorkers(config, updates, output.log, signals).finally(() => metrics?.close());
  } finally {
    output.flush();
  }
}

/** What puts together the metrics of workers, where they are on. Throws `StartupError`. */
async function supervisedMetrics(config: Config, log: Log) {
  return isObserved(config) ? (await import('./metrics/supervise.ts')).superviseMetrics(config, log) : undefined;
}

/** Removes all that a plugin keeps; returns how many values that were. */
async function purge(config: Config, plugin: string): Promise<number> {
  const { assemble } = await import('./assemble.ts');
  const { purgePlugin } = await import('../core/plugins/store.ts');
  const core = await assemble(() => config, systemClock, warningsOnly);
  try {
    await core.storage.ready;
    return await purgePlugin(core, plugin);
  } finally {
    await core.passwords.close();
    await core.storage.close();
  }
}

/** Tells `load` the file that was read before: from then on it has to be there. */
function rememberingFile(load: (found: string | undefined) => Promise<LoadedConfig>): () => Promise<LoadedConfig> {
  let found: string | undefined;
  return async () => {
    const loaded = await load(found);
    found = loaded.file ?? found;
    return loaded;
  };
}

/** Serves until a signal asks for the end; returns the exit code. */
async function serveUntilStopped(
  config: Config,
  { onUpdate, ready, onStop }: Omit<Supervised, 'config'>,
  { log, flush }: ProcessLog,
  signals: Signals,
  end: End,
): Promise<number> {
  process.on('unhandledRejection', error => log.error({ err: error }, 'unexpected error'));
  let isReady = false;
  process.on('uncaughtException', error => {
    // What one request did wrong is to end no other: see docs/decisions/0015-bodies.md.
    if (isReady) return log.error({ err: error }, 'unexpected error that nobody heard; the server goes on');
    log.fatal({ err: error }, 'unexpected error');
    flush();
    end(CRASHED);
  });
  const { serve } = await import('./serve.ts'); // engines and all: nobody else needs them
  const { asked, again } = stopRequests(signals, onStop);
  logLibraryOutput(log);
  const serving = await serve({ config, log, version: packageVersion(), buildCommit: buildCommit(process.env) });
  onUpdate(serving.reload);
  flush(); // whoever waits for the first lines is not to wait for the buffer
  serving.ready.then(
    () => {
      isReady = true;
      ready();
    },
    () => {},
  );
  const reason = await Promise.race([asked, serving.ready.then(flush).then(() => asked)]).catch(async error => {
    await serving.stop();
    throw error;
  });
  log.info({ reason }, 'stopping: running requests are finished first');
  const stopped = serving.stop().then(() => 'stopped');
  // What was acknowledged is safe, as in a crash.
  log.info(await Promise.race([stopped, again.then(() => 'stopped at once: it was asked for again')]));
  flush();
  return 0;
}

/**
 * `asked` resolves with what asks for the end, `again` with what does so later. What a whole group of processes is sent reaches a
 * worker twice, by itself and from the process that watches over it: neither is the other one's second request.
 */
function stopRequests(
  signals: Signals,
  onStop: Supervised['onStop'],
): { asked: Promise<string>; again: Promise<string> } {
  let first = (_reason: string) => {};
  let second = (_reason: string) => {};
  const asked = new Promise<string>(resolve => (first = resolve));
  const again = new Promise<string>(resolve => (second = resolve));
  const hear = () => {
    let times = 0;
    return (reason: string) => (++times > 1 ? second(reason) : first(reason));
  };
  signals.onStop(hear());
  onStop?.(hear());
  if (process.env.npm_lifecycle_event === 'start') whenOrphaned(() => first('npm ended'));
  return { asked, again };
}

/** `npm start` puts a shell between itself and the server that keeps SIGTERM for itself: its end is the signal. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK);
  timer.unref();
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** Says why the program ends, one clear message for what the operator can mend, everything for a bug. */
function failed(error: unknown): number {
  const expected = error instanceof StartupError;
  process.stderr.write(`${expected ? `keybin-server: ${error.message}` : format(error)}\n`);
  if (!expected) return CRASHED;
  if ('exitCode' in error) return Number(error.exitCode);
  return cluster.isWorker ? CANNOT_START : 1;
}
