/** The operations of a batch as changes of entries. */

import { InvalidInputError } from '../../../base/errors.ts';
import { inSlices } from '../../../base/slices.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Core } from '../../../core/context.ts';
import { filteredKey } from '../../../core/entries/filtered.ts';
import { type Arrived, arrive, demandFresh, letGo } from '../../../core/entries/raw/arrive.ts';
import { type BatchStep, checkStep, getStep, removeStep } from '../../../core/entries/raw/batch.ts';
import { filteredArrival } from '../../../core/entries/raw/filtered.ts';
import { countStep, putStep, touchStep } from '../../../core/entries/raw/steps.ts';
import { demandRoom } from '../../../core/quotas/quotas.ts';
import { metaText } from '../values/sent.ts';
import type { PutBytes } from './put-bytes.ts';
import type { ReadOp } from './read.ts';
import type { Put } from './schema.ts';

/** Bytes of a value that are looked at in one go. */
const PIECE = 262_144;

const NOTHING: PutBytes = { pieces: [], size: 0 };

/** What is stored of a batch, and what was taken in for it. */
export interface Steps {
  readonly steps: BatchStep[];
  readonly arrived: Arrived[];
}

/**
 * The changes; long values are in the blob store then. Throws `InvalidInputError` (codes `meta_invalid`, `meta_too_large`, `key_repeated`), `PayloadTooLargeError`,
 * `QuotaExceededError`, what filters of plugins throw.
 */
export async function stepsOf(core: Core, caller: TokenCaller, ops: readonly ReadOp[], limit: number): Promise<Steps> {
  const metas = ops.map(({ op }) => (op.op === 'put' ? metaOf(op) : undefined));
  const isChanging = ops.some(({ op }) => op.op !== 'get' && op.op !== 'check');
  const steps: BatchStep[] = [];
  const arrived: Arrived[] = [];
  const slices = inSlices();
  try {
    for (const [i, read] of ops.entries()) {
      if (read.op.op === 'put') steps.push(await putOf(core, caller, read, read.op, metas[i], limit, arrived));
      else steps.push(await stepOf(core, caller, read, isChanging));
      if (slices.over()) await slices.pause();
    }
    demandApart(steps);
  } catch (error) {
    letGoOf(core, caller, arrived);
    throw error;
  }
  return { steps, arrived };
}

/** To be called when nothing came of it. */
export function letGoOf(core: Core, { accountId }: TokenCaller, arrived: readonly Arrived[]): void {
  for (const one of arrived) letGo(core, accountId, one);
}

function metaOf({ meta = {} }: Put): string | undefined {
  return metaText(Object.fromEntries(Object.entries(meta).map(([name, value]) => [name.toLowerCase(), value])));
}

async function stepOf(
  core: Core,
  { accountId }: TokenCaller,
  { op, conditions }: ReadOp,
  isChanging: boolean,
): Promise<BatchStep> {
  if (op.op === 'check') return checkStep(op.key, conditions);
  if (op.op === 'incr') {
    const { key, by = 1, initial = 0, ttl } = op;
    return countStep(accountId, key, { by, initial, ttl }, conditions);
  }
  if (op.op === 'touch') return touchStep(accountId, op.key, op.ttl, conditions);
  if (op.op === 'get') return getStep(op.key, conditions, isChanging);
  const asks = core.plugins.filters('entries.delete');
  return removeStep(asks ? await filteredKey(core, accountId, op.key) : op.key, conditions);
}

async function putOf(
  core: Core,
  { accountId }: TokenCaller,
  { conditions, content: { pieces, size } = NOTHING }: ReadOp,
  op: Put,
  meta: string | undefined,
  limit: number,
  all: Arrived[],
): Promise<BatchStep> {
  const said = { contentType: op.content_type ?? typeOf(op) };
  const accept = (size: number) => demandRoom(core, accountId, { bytes: size, keys: 0 });
  const arrival = { said, limit, announced: size, accept };
  const arrived = await arrive(core, accountId, piecesOf(pieces), arrival);
  all.push(arrived);
  const expiresAt = op.ttl === undefined ? undefined : new Date(core.clock.now() + op.ttl * 1000);
  const wanted = { key: op.key, said, expiresAt, value: arrived };
  const filters = core.plugins.filters('entries.set');
  const stored = filters ? await filteredArrival(core, accountId, wanted, limit) : wanted;
  if (stored.value !== arrived) all.push(stored.value);
  const content = {
    ...stored.value.held,
    content_type: stored.said.contentType,
    ...(meta !== undefined && { meta }),
    ...(stored.expiresAt && { expires_at: stored.expiresAt }),
  };
  return putStep(accountId, stored.key, content, conditions, () => demandFresh(core, stored.value));
}

function typeOf({ value, value_base64 }: Put): string {
  if (value !== undefined) return 'text/plain; charset=utf-8';
  return value_base64 === undefined ? 'application/json' : 'application/octet-stream';
}

async function* piecesOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const slices = inSlices();
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; at += PIECE) {
      yield piece.subarray(at, at + PIECE);
      if (slices.over()) await slices.pause();
    }
  }
}

/** Plugins may have led two operations to one key. */
function demandApart(steps: readonly BatchStep[]): void {
  if (new Set(steps.map(({ key }) => key)).size === steps.length) return;
  throw new InvalidInputError('ops: two of them lead to one key, by a plugin of this server', { code: 'key_repeated' });
}
