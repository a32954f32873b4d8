import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { openEmbedded } from './embedded/index.ts';
import { openMongo } from './mongo/index.ts';
import type { OpenOptions } from './options.ts';
import type { Storage } from './port.ts';

/** Opens the engine that `options.host` names. Returns at once; see `Storage.ready`. */
export function openStorage(options: OpenOptions, clock: Clock, log: Log): Storage {
  return options.host.startsWith('file:') ? openEmbedded(options, clock, log) : openMongo(options, clock, log);
}
