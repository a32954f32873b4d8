import { hash as hashOf, randomBytes } from 'node:crypto';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { Caller } from '../../base/caller.ts';
import { CODE } from '../../base/place.ts';
import { createLanes, type LaneName } from './lanes.ts';

/**
 * Hashing and verifying passwords, off the event loop and each in its turn (`lanes.ts`): for a caller, or for the server itself,
 * which waits for nobody. All throw `RateLimitedError` and `ServerBusyError` when it is not to be: nothing was hashed then.
 */
export interface Passwords {
  hash(password: string, caller?: Caller, lane?: LaneName): Promise<string>;
  /**
   * False for a hash that is malformed, and for `undefined`. A wrong password takes the same time with whatever hash, so that
   * it does not tell whether there is one.
   */
  verify(password: string, hash: string | undefined, caller?: Caller): Promise<boolean>;
  /**
   * Another hash that the same passwords open, when this one, which the password opens, has another cost than new ones;
   * undefined when it has the same.
   */
  renew(password: string, hash: string, caller?: Caller): Promise<string | undefined>;
  /** Refuses what waits and what still comes, waits a while for what is under way, then ends the threads. */
  close(): Promise<void>;
}

/** bcrypt looks at no more. */
const BCRYPT_BYTES = 72;
const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
/** Marks a hash of what bcrypt alone would cut off or mix up: it is over the base64 of the password's SHA-256. */
const DIGEST_MARK = 'sha256:';

/**
 * How much dearer than new hashes wrong passwords may get, as steps of cost, because of hashes that are stored: a single one
 * of a great cost is not to make all logins slow.
 */
const DEARER = 2;

const IDLE_MS = 60_000;

/** How long a stop waits for what is being hashed, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Threads start with the first password; `threads: 0` takes as many as the processor has cores, but two at least, so that one is
 * there for logins: their priority is low, other requests do not wait for them.
 */
export function createPasswords(options: { readonly cost: number; readonly threads: number }): Passwords {
  const { cost } = options;
  const threads = options.threads || Math.max(2, os.availableParallelism());
  let pool: Promise<Piscina> | undefined;
  const lanes = createLanes(threads);
  /** That of the dearest hash that was met. */
  let dearest = cost;
  let closed: Promise<void> | undefined;

  async function startPool(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: fileURLToPath(new URL('core/hashing/bcrypt-worker.js', CODE)),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
    });
  }

  async function inThread(task: object, name: 'hash' | 'verify') {
    pool ??= startPool();
    return (await pool).run(task, { name });
  }

  function bcrypt(password: string, caller?: Caller, lane: LaneName = 'logins'): Promise<string> {
    return lanes.run(lane, caller, 2 ** cost, () => inThread({ password, cost }, 'hash'));
  }

  async function end(): Promise<void> {
    const patience = pause(GRACE_MS, undefined, { ref: false });
    await Promise.race([lanes.drain(), patience]);
    await (await pool)?.destroy();
  }

  return {
    async hash(password, caller, lane) {
      if (!needsDigest(password)) return bcrypt(password, caller, lane);
      return DIGEST_MARK + (await bcrypt(digest(password), caller, lane));
    },

    async verify(password, stored, caller) {
      const { plain, marked } = parse(stored);
      const possible = BCRYPT_HASH.test(plain) && (marked || !isMixedUp(password));
      const known = possible ? costOf(plain) : 0;
      dearest = Math.max(dearest, Math.min(known, cost + DEARER));
      const task = {
        password: marked ? digest(password) : password,
        stored: possible ? plain : dummyHash(dearest),
        upTo: dearest,
      };
      const units = 2 ** Math.max(known, dearest);
      const right = await lanes.run('logins', caller, units, () => inThread(task, 'verify'));
      return right && possible;
    },

    async renew(password, stored, caller) {
      const { plain, marked } = parse(stored);
      if (costOf(plain) === cost) return undefined;
      // Without a mark it stays without one: it goes on to be opened by whatever begins with the same 72 bytes.
      return marked ? DIGEST_MARK + (await bcrypt(digest(password), caller)) : bcrypt(password, caller);
    },

    close() {
      closed ??= end();
      return closed;
    },
  };
}

function parse(stored = ''): { plain: string; marked: boolean } {
  const marked = stored.startsWith(DIGEST_MARK);
  return { plain: marked ? stored.slice(DIGEST_MARK.length) : stored, marked };
}

function costOf(hash: string): number {
  return Number(hash.slice(4, 6));
}

function needsDigest(password: string): boolean {
  return Buffer.byteLength(password) > BCRYPT_BYTES || password.includes('\0');
}

function digest(password: string): string {
  return hashOf('sha256', password, 'base64');
}

/**
 * bcrypt repeats the password and a zero byte up to 72 bytes, so that `a` and `a\0a` are one to it. Such a password never
 * opens a plain hash: whoever set it meant the part before the zero byte.
 */
function isMixedUp(password: string): boolean {
  const end = password.indexOf('\0');
  return end >= 0 && bcryptKey(password).equals(bcryptKey(password.slice(0, end)));
}

function bcryptKey(password: string): Buffer {
  return Buffer.alloc(BCRYPT_BYTES, `${password}\0`);
}

/** Looks like a hash of `cost`, and no password belongs to it. */
function dummyHash(cost: number): string {
  const saltAndSum = randomBytes(40).toString('base64').slice(0, 53).replaceAll('+', '.');
  return `$2b$${String(cost).padStart(2, '0')}$${saltAndSum}`;
}
