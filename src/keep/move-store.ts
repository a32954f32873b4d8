/** One storage into another, until both hold the same. */

import type { Fill, Storage } from '../storage/port.ts';
import { BackupError } from './backup-error.ts';
import { fillStore } from './fill-store.ts';
import type { Items, Spec, Totals } from './items.ts';
import { readStore } from './read-store.ts';
import { isWhole, type Sum, sumsOf } from './sums.ts';

/** How one storage goes into another. */
export interface MoveOptions {
  /** Names the source: with the same one it goes on where it stopped. */
  readonly copy: string;
  readonly now: () => number;
  readonly stopping: AbortSignal;
  /** A part begins, of about so many records. */
  readonly begins: (part: 'contents' | 'documents' | 'checking', total: number) => void;
  /** So many more records. */
  readonly passed: (records: number) => void;
}

/** What was moved. */
export interface Moved {
  readonly totals: Totals;
  /** The same on both sides. */
  readonly sums: ReadonlyMap<string, Sum>;
  /** Documents that were not taken along, by their collections: those without a key. */
  readonly left: ReadonlyMap<string, number>;
}

/**
 * Puts all of `from` into `to`, which is empty or holds a part of the same copy, and compares them; only then `to` can be served.
 * Throws `BackupError` when they differ, `StartupError` when `to` holds something else, the reason of `stopping`.
 */
export async function moveStore(
  from: Storage,
  to: Storage,
  specs: readonly Spec[],
  options: MoveOptions,
): Promise<Moved> {
  const { copy, begins, passed, stopping } = options;
  let fill: Fill | undefined;
  /** `again`: as if nothing were in. What is in is put in again, so that a source that has lost something meanwhile shifts nothing. */
  const pass = async (again: boolean) => {
    const left = new Map<string, number>();
    // Nothing has ended by this clock, so that what ends between two attempts is in both.
    const read = readStore(from, specs, { now: () => 0, missing: () => {}, begins });
    const target = {
      blobs: onceOnly(to.blobs),
      fill: async (name: string) => {
        fill = await to.fill(name);
        return unended(fill, again);
      },
    };
    const totals = await fillStore(target, specs, wholeOnes(read, specs, left), { copy, passed, stopping });
    return { totals, left, ...(await compared(from, to, specs, options)) };
  };
  const first = (await to.fill(copy)).position;
  let moved = await pass(false);
  if (moved.different.length > 0 && first > 0) moved = await pass(true);
  if (moved.different.length > 0) throw differ(moved.different);
  await fill?.end();
  return moved;
}

async function compared(from: Storage, to: Storage, specs: readonly Spec[], options: MoveOptions) {
  const { begins, passed, now, stopping } = options;
  const snapshot = await from.snapshot();
  begins('checking', 2 * (await snapshot.about().finally(() => snapshot.close())));
  const moment = new Date(now());
  const counting = (documents: number) => {
    stopping.throwIfAborted();
    passed(documents);
  };
  const sums = await sumsOf(from, specs, moment, counting);
  const there = await sumsOf(to, specs, moment, counting);
  const different = [...sums].filter(([name, { sha256 }]) => there.get(name)?.sha256 !== sha256).map(([name]) => name);
  return { sums, different };
}

/** Leaves out documents without a key. Throws `BackupError` when one key comes twice. */
async function* wholeOnes(items: Items, specs: readonly Spec[], left: Map<string, number>): Items {
  const known = new Map(specs.map(spec => [spec.name, spec]));
  let before = '';
  for await (const item of items) {
    const spec = 'docs' in item ? known.get(item.in) : undefined;
    if (!('docs' in item) || spec === undefined) {
      yield item;
      continue;
    }
    const docs = item.docs.filter(doc => isWhole(spec, doc));
    for (const doc of docs) {
      const key = JSON.stringify([spec.name, ...spec.key.map(field => doc[field])]);
      if (key === before) throw twice(spec);
      before = key;
    }
    const missing = item.docs.length - docs.length;
    if (missing > 0) left.set(spec.name, (left.get(spec.name) ?? 0) + missing);
    yield { ...item, docs };
  }
}

/** The same, which reads what is there already, and does not store it once more. */
function onceOnly(blobs: Storage['blobs']): Pick<Storage['blobs'], 'put'> {
  return {
    async put(content, maxBytes, options) {
      const sha256 = options?.expected ?? '';
      const found = await blobs.stat(sha256);
      if (found === undefined) return blobs.put(content, maxBytes, options);
      for await (const _ of content); // it may be unsound
      return { sha256, size: found.size };
    },
  };
}

/** The same, which does not end: what was put in is compared first. */
function unended(fill: Fill, again: boolean): Fill {
  let isBegun = !again;
  const begun = <A extends unknown[]>(method: (...args: A) => Promise<void>) => {
    return (...args: A) => {
      isBegun = true;
      return method(...args);
    };
  };
  return {
    get position() {
      return isBegun ? fill.position : 0;
    },
    documents: begun(fill.documents),
    counter: begun(fill.counter),
    secret: begun(fill.secret),
    reached: begun(fill.reached),
    end: async () => {},
  };
}

function twice({ name, key }: Spec): BackupError {
  return new BackupError(
    `the collection ${name} has two documents with the same ${key.join(', ')}: no server starts on such data; remove one of them`,
  );
}

function differ(collections: readonly string[]): BackupError {
  return new BackupError(
    `the two sides differ in ${collections.join(', ')}: the source was written to meanwhile. Set [APP] read_only there (and send its server ` +
      'SIGHUP), remove the target, and begin again',
  );
}
