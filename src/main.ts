#!/usr/bin/env node
/** `keybin-server`: arguments, configuration, server. The only file that ends the process. */

import cluster from 'node:cluster';
import { buffer } from 'node:stream/consumers';
import { buildCommit, packageVersion } from './build-info.ts';
import { HELP, readArguments } from './config/arguments.ts';
import { readFlags } from './config/flags.ts';
import { type LoadedConfig, loadConfig } from './config/load.ts';
import { renderEffective } from './config/render.ts';
import { StartupError } from './errors.ts';
import { createLog, type ProcessLog } from './log.ts';
import { serve } from './serve.ts';
import { CANNOT_START, flagsOfWorker, superviseWorkers } from './workers.ts';

/** Milliseconds between two looks at who the parent process is. */
const PARENT_CHECK = 500;

process.exit(await main().catch(failed));

async function main(): Promise<number> {
  const { action, config: file, flags: given } = readArguments(process.argv.slice(2));
  if (action === 'help') return print(HELP);
  if (action === 'version') return print(`keybin-server ${packageVersion()}\n`);

  const flags = (await flagsOfWorker()) ?? (await readFlags(given, () => buffer(process.stdin)));
  const load = () => loadConfig({ file, environment: process.env, flags });
  const loaded = await load();
  if (action === 'check-config') {
    for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
    return print(renderEffective(loaded.config, loaded.origins));
  }
  const { workers } = loaded.config.APP;
  const output = createLog(loaded.config);
  if (cluster.isPrimary) for (const warning of loaded.warnings) output.log.warn(warning);
  try {
    return await (workers > 1 && cluster.isPrimary
      ? superviseWorkers(workers, flags, output.log)
      : run(loaded, load, output));
  } finally {
    output.flush();
  }
}

/** Serves until a signal asks for the end; returns the exit code. */
async function run(
  { config }: LoadedConfig,
  load: () => Promise<LoadedConfig>,
  { log, flush }: ProcessLog,
): Promise<number> {
  process.on('unhandledRejection', error => log.error({ err: error }, 'unexpected error'));
  process.on('uncaughtException', error => {
    log.fatal({ err: error }, 'unexpected error');
    flush();
    process.exit(1);
  });
  const serving = await serve({ config, log, version: packageVersion(), buildCommit: buildCommit(process.env) });
  process.on('SIGHUP', () => {
    load().then(
      loaded => {
        for (const warning of loaded.warnings) log.warn(warning);
        serving.reload(loaded.config);
      },
      error => log.error(`the configuration stays as it is: ${error.message}`),
    );
  });
  const asked = new Promise<string>(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, resolve);
    if (process.env.npm_lifecycle_event === 'start') whenOrphaned(() => resolve('npm ended'));
  });
  flush(); // whoever waits for the first lines is not to wait for the buffer
  const reason = await Promise.race([asked, serving.ready.then(flush).then(() => asked)]).catch(async error => {
    await serving.stop();
    throw error;
  });
  log.info({ reason }, 'stopping: running requests are finished first');
  await serving.stop();
  log.info('stopped');
  return 0;
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
  console.error(expected ? `keybin-server: ${error.message}` : error);
  if (expected && 'exitCode' in error) return Number(error.exitCode);
  return cluster.isWorker ? CANNOT_START : 1;
}
