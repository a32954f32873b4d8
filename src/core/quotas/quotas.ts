/** What an account may store, blobs aside: asked before a write, without a look into the storage. */

import { QuotaExceededError } from '../../base/errors.ts';
import type { Core } from '../context.ts';
import { countAgain, meterOf, usedOf } from './meters.ts';
import { type Meter, minus, plus, type Usage } from './usage.ts';

/** Milliseconds for which a write that is to be refused waits for a count that could say otherwise. */
const PATIENCE_MS = 2_000;

/**
 * Does a write that makes the account's data grow by so much; what is negative makes it shrink. It has not taken place when it
 * throws or returns false. Throws `QuotaExceededError` instead of doing it when there is no room, and what the write throws.
 * What does not grow is always let through: whoever has too much can make it less.
 */
export async function withRoom<T>(core: Core, accountId: string, growth: Usage, write: () => Promise<T>): Promise<T> {
  const meter = meterOf(core, accountId);
  if (!meter.isKnown) await meter.known;
  const added = { bytes: Math.max(growth.bytes, 0), keys: Math.max(growth.keys, 0) };
  if (!take(core, meter, added)) {
    // Refused is only what a fresh count leaves no room for, as far as one may be made.
    await countAgain(core, meter, PATIENCE_MS);
    if (!take(core, meter, added)) throw refusal(core, meter, added);
  }
  let done = false;
  try {
    const result = await write();
    done = result !== false;
    return result;
  } finally {
    meter.flying = minus(meter.flying, added);
    if (done) meter.grown = plus(meter.grown, added);
    if (done && growth.bytes < 0) meter.freed = true;
  }
}

/**
 * Throws `QuotaExceededError` when there is no room now for what is to be written later; takes none.
 */
export async function demandRoom(core: Core, accountId: string, growth: Usage): Promise<void> {
  await withRoom(core, accountId, growth, async () => false);
}

/** To be called when documents of an account were deleted: how many bytes they had the next count finds out. */
export function noteDeleted(core: Core, accountId: string, keys = 0): void {
  const meter = meterOf(core, accountId);
  meter.freed = true;
  meter.grown = minus(meter.grown, { bytes: 0, keys });
}

/** Takes the room for a write that begins, if there is some. */
function take(core: Core, meter: Meter, added: Usage): boolean {
  if (excess(core, meter, added) !== undefined) return false;
  meter.flying = plus(meter.flying, added);
  return true;
}

/** Of what there would be too much. */
function excess(core: Core, meter: Meter, added: Usage): keyof Usage | undefined {
  const limits = core.settings.quota();
  const used = usedOf(meter);
  if (added.keys > 0 && used.keys + added.keys > limits.keys) return 'keys';
  if (added.bytes > 0 && used.bytes + added.bytes > limits.bytes) return 'bytes';
  return undefined;
}

function refusal(core: Core, meter: Meter, added: Usage): QuotaExceededError {
  const unit = excess(core, meter, added) ?? 'bytes';
  return new QuotaExceededError(unit, usedOf(meter)[unit], core.settings.quota()[unit]);
}
