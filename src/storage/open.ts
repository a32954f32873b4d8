import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { OpenOptions } from './options.ts';
import type { Storage } from './port.ts';

/**
 * Opens the engine that `options.host` names, without waiting for it: see `Storage.ready`. Only its own code and driver are
 * loaded.
 */
export async function openStorage(options: OpenOptions, clock: Clock, log: Log): Promise<Storage> {
  const open = options.host.startsWith('file:')
    ? (await import('./embedded/index.ts')).openEmbedded
    : (await import('./mongo/index.ts')).openMongo;
  return open(options, clock, log);
}
