import { AppError, StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Db, Stretch } from './database.ts';
import type { Tuple } from './keys.ts';

/** What callers are told, and health says from then on. */
const DAMAGED = 'a part of the stored data is damaged and cannot be read';

/** LMDB's messages that say nothing about the data: it is closed, or has no room for a reader, a page, a database. */
const PASSING = /closed|^MDB_(MAP_FULL|READERS_FULL|TXN_FULL|DBS_FULL|MAP_RESIZED|TLS_FULL|PROBLEM)/i;

/** What LMDB says of a database whose pages contradict each other. */
const DAMAGE =
  /^MDB_(CORRUPTED|PAGE_NOTFOUND|PANIC|INVALID|VERSION_MISMATCH|INCOMPATIBLE|BAD_TXN|BAD_DBI|BAD_VALSIZE|CURSOR_FULL)/;

/** Remembers that something could not be read as what was stored: the log has it once, health until the next start. */
export class Damage {
  readonly #log: Log;
  #found = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Throws `StorageUnavailableError` once damage was found. */
  demandNone(): void {
    if (this.#found) throw new StorageUnavailableError(DAMAGED);
  }

  /** The error for a caller whose document is damaged, which `cause` tells the log. */
  note(cause: unknown): StorageUnavailableError {
    if (!this.#found) {
      this.#log.error({ err: cause }, `${DAMAGED}: put back a backup; what is not damaged is served until then`);
    }
    this.#found = true;
    return new StorageUnavailableError(DAMAGED, { cause });
  }

  /** What reading raised: whatever the library or the decoder cannot read is damage, unless it is of the moment. */
  whileReading(error: unknown): unknown {
    const isPassing = error instanceof Error && (isOfSystem(error) || PASSING.test(error.message));
    return error instanceof AppError || isPassing ? error : this.note(error);
  }

  /** What writing raised: damage only where the library says so; the disk may be full. */
  whileWriting(error: unknown): unknown {
    return error instanceof Error && DAMAGE.test(error.message) ? this.note(error) : error;
  }
}

/** The library gives the system's numbers as they are, and negative ones of its own. */
function isOfSystem(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number' && error.code > 0;
}

/** A database whose damage is noticed. `isSound` looks at what was decoded: not every change of a byte fails to decode. */
export function guarded<V>(db: Db<V>, damage: Damage, isSound: (value: V, key: Tuple) => boolean): Db<V> {
  const reading = <R>(work: () => R): R => {
    try {
      return work();
    } catch (error) {
      throw damage.whileReading(error);
    }
  };
  const writing = <R>(work: () => R): R => {
    try {
      return work();
    } catch (error) {
      throw damage.whileWriting(error);
    }
  };
  const sound = (value: V, key: Tuple): V => {
    if (isSound(value, key)) return value;
    throw damage.note(new Error(`what is stored at ${JSON.stringify(key).slice(0, 80)} is not what was stored`));
  };
  return {
    get(key) {
      let value: V | undefined;
      try {
        value = db.get(key); // no function for it: every request gets something
      } catch (error) {
        throw damage.whileReading(error);
      }
      return value === undefined ? undefined : sound(value, key);
    },
    put: (key, value) => writing(() => db.put(key, value)),
    remove: key => writing(() => db.remove(key)),
    getRange: (stretch: Stretch) =>
      walk(
        reading(() => db.getRange(stretch)),
        reading,
        damage,
        entry => sound(entry.value, entry.key),
      ),
    getKeys: stretch =>
      walk(
        reading(() => db.getKeys(stretch)),
        reading,
        damage,
      ),
    getKeysCount: stretch => reading(() => db.getKeysCount(stretch)),
    getStats: () => reading(() => db.getStats()),
    clearSync: () => writing(() => db.clearSync()),
  };
}

/** No generator, and no function for each step: listings are long, and those would cost as much as the walk itself. */
function walk<T>(
  items: Iterable<T>,
  reading: <R>(work: () => R) => R,
  damage: Damage,
  check?: (item: T) => void,
): Iterable<T> {
  return {
    [Symbol.iterator]() {
      const steps = reading(() => items[Symbol.iterator]());
      return {
        next() {
          let step: IteratorResult<T>;
          try {
            step = steps.next();
          } catch (error) {
            throw damage.whileReading(error);
          }
          if (!step.done) check?.(step.value);
          return step;
        },
        return() {
          steps.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
