/** How much an account stores, blobs aside, and how that is found out. */

import type { Core } from '../context.ts';

/** Bytes of contents, and how many documents: keys, punches, dotfiles, operations. */
export interface Usage {
  readonly bytes: number;
  readonly keys: number;
}

/** Of an account that stores nothing. */
export const NOTHING: Usage = { bytes: 0, keys: 0 };

/** The sum of two. */
export function plus(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes + b.bytes, keys: a.keys + b.keys };
}

/** The difference of two. */
export function minus(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes - b.bytes, keys: a.keys - b.keys };
}

/** Whether two are the same. */
export function sameUsage(a: Usage, b: Usage): boolean {
  return a.bytes === b.bytes && a.keys === b.keys;
}

/** What an account stores, counted by all collections that charge for it. Throws `StorageUnavailableError`. */
export async function measure({ storage, owned }: Core, accountId: string): Promise<Usage> {
  let usage = NOTHING;
  for (const spec of owned) {
    if (spec.charge === undefined) continue;
    const { index, bytes, keys } = spec.charge;
    const range = { prefix: [accountId], ...(index !== undefined && { index }) };
    const fields = keys === undefined ? [bytes] : [bytes, keys];
    const { documents, sums } = await storage.collection(spec).sum(range, fields);
    usage = plus(usage, { bytes: sums[0] ?? 0, keys: sums[1] ?? documents });
  }
  return usage;
}
