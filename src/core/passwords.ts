import { hash as hashOf, randomBytes, timingSafeEqual } from 'node:crypto';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { RateLimitedError, StorageUnavailableError } from '../errors.ts';

/** Hashing and verifying passwords, off the event loop. */
export interface Passwords {
  /** Throws `RateLimitedError` when far too many wait already. */
  hash(password: string): Promise<string>;
  /** False for a hash that is malformed; `undefined` takes as long as a hash does, and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Refuses what waits and what still comes (`StorageUnavailableError`), waits for what is under way, then ends the threads. */
  close(): Promise<void>;
}

/** bcrypt looks at no more. */
const BCRYPT_BYTES = 72;
const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
const SALT_LENGTH = 29;
/** Marks a hash of what bcrypt alone would cut off or mix up: it is over the base64 of the password's SHA-256. */
const DIGEST_MARK = 'sha256:';

const MAX_WAITING = 1000;
const IDLE_MS = 60_000;

/** Threads start with the first password; `threads: 0` takes one less than the processor has cores. */
export function createPasswords(options: { readonly cost: number; readonly threads: number }): Passwords {
  const pool = new Piscina<{ password: string; salt: string | number }, string>({
    filename: fileURLToPath(new URL('./bcrypt-worker.js', import.meta.url)),
    minThreads: 0,
    maxThreads: options.threads || Math.max(1, os.availableParallelism() - 1),
    maxQueue: MAX_WAITING,
    idleTimeout: IDLE_MS,
  });
  const dummy = dummyHash(options.cost);
  let closed: Promise<void> | undefined;

  async function bcrypt(password: string, salt: string | number): Promise<string> {
    if (pool.queueSize >= MAX_WAITING) throw new RateLimitedError(5);
    if (closed) throw stopping();
    return pool.run({ password, salt }).catch(cause => {
      throw closed ? stopping(cause) : cause;
    });
  }

  return {
    async hash(password) {
      if (!needsDigest(password)) return bcrypt(password, options.cost);
      return DIGEST_MARK + (await bcrypt(digest(password), options.cost));
    },

    async verify(password, stored) {
      const marked = stored?.startsWith(DIGEST_MARK) ?? false;
      const plain = marked ? stored?.slice(DIGEST_MARK.length) : stored;
      const possible = plain !== undefined && BCRYPT_HASH.test(plain) && (marked || !isMixedUp(password));
      const hash = possible ? plain : dummy;
      const computed = await bcrypt(marked ? digest(password) : password, hash.slice(0, SALT_LENGTH));
      return sameSum(computed, hash) && possible;
    },

    close() {
      closed ??= pool.close({ force: true });
      return closed;
    },
  };
}

/** Nobody is kept waiting for the other end of a long queue by a server that is about to go. */
function stopping(cause?: unknown): StorageUnavailableError {
  return new StorageUnavailableError('the server is stopping; try again', { cause });
}

/** Compares what follows the salt: a salt may be written in more than one way. */
function sameSum(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one.slice(SALT_LENGTH)), Buffer.from(other.slice(SALT_LENGTH)));
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
