/** What tells whether two storages hold the same, collection by collection, whatever their engines. */

import { createHash } from 'node:crypto';
import type { AnyDoc, Named, Storage } from '../storage/port.ts';
import type { Spec } from './items.ts';
import { encodeDoc } from './values.ts';

/** How many documents a collection has, and the SHA-256 of their texts (docs/backup-format.md) in the order of their keys, one a line. */
export interface Sum {
  readonly documents: number;
  readonly sha256: string;
}

/** Names of those that are no collections. */
export const NAMED = { counters: '(counters)', secrets: '(secrets)' } as const;

/** By it, positions in the changes are known as such of the same data: a copy has another one. */
const OF_THIS_DATA = 'changes';

/**
 * The sums of all collections, of the counters and of the secrets. What has ended by `moment` is left out, since engines remove it when
 * they like; and so is what is not whole, see {@link isWhole}. `passed` is told how many documents more were read.
 */
export async function sumsOf(
  storage: Pick<Storage, 'snapshot'>,
  specs: readonly Spec[],
  moment: Date,
  passed: (documents: number) => void,
): Promise<Map<string, Sum>> {
  const sums = new Map<string, Sum>();
  const snapshot = await storage.snapshot();
  try {
    for (const spec of specs) {
      const hash = createHash('sha256');
      let documents = 0;
      for await (const portion of snapshot.documents(spec.name)) {
        for (const doc of portion) {
          if (!isWhole(spec, doc) || hasEnded(spec, doc, moment)) continue;
          hash.update(`${encodeDoc(doc)}\n`);
          documents++;
        }
        passed(portion.length);
      }
      sums.set(spec.name, { documents, sha256: hash.digest('hex') });
    }
    sums.set(NAMED.counters, sumOfNamed(await snapshot.counters()));
    const secrets = await snapshot.secrets();
    sums.set(NAMED.secrets, sumOfNamed(secrets.filter(({ name }) => name !== OF_THIS_DATA)));
    return sums;
  } finally {
    await snapshot.close();
  }
}

/** Whether a document has its key. The tokens of the original service, which lie there in plain, have not: they are not taken along. */
export function isWhole({ key }: Spec, doc: AnyDoc): boolean {
  return key.every(field => doc[field] !== undefined);
}

function hasEnded({ expires, kept }: Spec, doc: AnyDoc, moment: Date): boolean {
  const end = expires === undefined || kept ? undefined : doc[expires];
  return end instanceof Date && end <= moment;
}

function sumOfNamed(all: readonly Named<unknown>[]): Sum {
  const lines = all.map(({ name, value }) => `${JSON.stringify([name, value])}\n`).sort();
  return { documents: all.length, sha256: createHash('sha256').update(lines.join('')).digest('hex') };
}
