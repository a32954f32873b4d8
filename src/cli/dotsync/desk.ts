/** What every command of dotsync works with: its folder, its settings, the server. */

import { EXIT } from '../../terminal/exit-codes.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { newClient } from '../server/client.ts';
import { BadAnswer } from './engine/lines.ts';
import type { Place } from './engine/look.ts';
import { nodeDisk } from './engine/node-disk.ts';
import { type Remote, remoteOf, statusOf } from './engine/remote.ts';
import type { RoundOptions } from './engine/round.ts';
import { State } from './engine/state.ts';
import { readSettings, type Settings, SettingsError, type Taken, writeSettings } from './home/config.ts';
import { type Folder, folderOf } from './home/folder.ts';
import { Busy, lock } from './home/lock.ts';

/** Seconds that the token of a machine lives after its last use. */
export const TOKEN_LIFE = 90 * 86_400;

/** Milliseconds that a command waits for another one, which is in a round as a rule. */
const PATIENCE = 60_000;

/** A machine that takes part. */
export interface Desk {
  readonly folder: Folder;
  readonly settings: Settings;
  readonly place: Place;
  readonly remote: Remote;
  /** For a round over some configs, all of this machine without `configs`. The state is read anew. To be called `atWork`. */
  round(configs?: readonly Taken[]): RoundOptions;
  /** The same for those that only look, and take no lock. */
  looking(configs?: readonly Taken[]): RoundOptions;
}

/** Opens it. Throws `Failure` where this machine is not set up. */
export function openDesk(context: Context): Desk {
  const folder = folderOf(context.environment);
  const settings = readSettings(nodeDisk, folder.config);
  if (settings === undefined) {
    throw new Failure(EXIT.notSignedIn, 'this machine takes no part in dotsync yet; run keybin dotsync init URL');
  }
  const renewToken = {
    ttl: TOKEN_LIFE,
    expiresAt: new Date(settings.expires_at),
    onRenew: (expiresAt: Date) => {
      const now = readSettings(nodeDisk, folder.config);
      if (now?.token !== settings.token) return;
      writeSettings(nodeDisk, folder.config, { ...now, expires_at: expiresAt.toISOString() });
    },
  };
  const client = newClient({ url: settings.url, token: settings.token, renewToken });
  const { signal } = context;
  const remote = remoteOf((method, path, options) => client.request(method, path, { signal, ...options }));
  const place = { disk: nodeDisk, home: folder.home, own: folder.own, allowed: settings.allowed };
  const options = (configs: readonly Taken[], mayTidy: boolean): RoundOptions => ({
    place,
    state: new State(nodeDisk, folder.state, mayTidy),
    remote,
    machine: settings.machine,
    configs: configs.map(({ id }) => id),
    signal,
  });
  return {
    folder,
    settings,
    place,
    remote,
    round: (configs = settings.configs) => options(configs, true),
    looking: (configs = settings.configs) => options(configs, false),
  };
}

/** Does work that changes files or what is remembered of them: nobody else does meanwhile. Waits for who is at it. Throws `Busy`. */
export async function atWork<T>(folder: Folder, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    signal.throwIfAborted();
    try {
      const free = await lock(nodeDisk, folder.locks, 'work');
      try {
        return await work();
      } finally {
        free();
      }
    } catch (error) {
      if (!(error instanceof Busy) || performance.now() > deadline) throw error;
    }
  }
}

/** What an action throws, as the command line knows it. */
export function failing<T extends unknown[]>(action: (...given: T) => Promise<void>): (...given: T) => Promise<void> {
  return async (...given) => {
    try {
      await action(...given);
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/** What was thrown, as the command line knows it. */
export function failureOf(error: unknown): unknown {
  if (error instanceof BadAnswer || error instanceof SettingsError) return new Failure(EXIT.failed, error.message);
  if (error instanceof Busy) {
    const what = `another keybin dotsync is at work on this home (${error.file})`;
    return new Failure(EXIT.failed, `${what}; wait for its end, or remove that file if there is none`);
  }
  if (statusOf(error) === 401 && !(error as { code?: string }).code?.startsWith('credentials')) {
    const what = 'the server takes the token of this machine no longer';
    return new Failure(EXIT.notSignedIn, `${what}; sign in again with keybin dotsync init`);
  }
  return error;
}

/** The config that is meant: by its name here or its id, or the beginning of that; the only one without. Throws `Failure`. */
export function chosenConfig({ configs }: Settings, wanted: string | undefined): Taken {
  const found =
    wanted === undefined
      ? configs
      : configs.filter(({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  const [first] = found;
  if (first !== undefined && (found.length === 1 || wanted === undefined)) return first;
  const names = configs.map(({ name }) => name).join(', ') || 'none';
  throw new Failure(
    EXIT.absent,
    `this machine takes part in no config ${wanted ?? ''}; there is ${names}, and keybin dotsync init --new NAME makes another one`,
  );
}
