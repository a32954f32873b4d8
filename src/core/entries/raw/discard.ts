/** Contents of values that nobody needs any more: they go soon, and not only a day later with what others have left. */

import { RateLimitedError } from '../../../base/errors.ts';
import { blobRefsSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';

/**
 * Milliseconds for which such a content is kept: somebody may be reading it, or have stored the same and be about to refer to
 * it.
 */
export const KEPT_MS = 600_000;

/** What arrives and what is discarded may be so many times what the account may store. */
const TIMES = 4;
const LATER_S = 60;

interface Discarded {
  readonly accountId: string;
  readonly hash: string;
  readonly size: number;
  readonly at: number;
}

interface State {
  readonly queue: Discarded[];
  /** Bytes of each account that are discarded, or arrive at the moment. */
  readonly bytes: Map<string, number>;
  sweeping: boolean;
}

const states = new WeakMap<object, State>();

function stateOf({ storage }: Core): State {
  const state = states.get(storage) ?? { queue: [], bytes: new Map(), sweeping: false };
  states.set(storage, state);
  return state;
}

/** Has a content removed after a while, unless somebody refers to it by then; a process that stops before leaves it to `sweepBlobs`. */
export function discard(core: Core, accountId: string, hash: string, size: number): void {
  const state = stateOf(core);
  add(state, accountId, size);
  state.queue.push({ accountId, hash, size, at: core.clock.now() });
  void core.background.run(() => sweepDiscarded(core));
}

/**
 * Takes disk for a content that arrives, until the function it returns is called. Throws `RateLimitedError` while the account has several times
 * as much on its way in and out as it may store.
 */
export function takeDisk(core: Core, accountId: string, size: number): () => void {
  const state = stateOf(core);
  if ((state.bytes.get(accountId) ?? 0) + size > core.settings.quota().bytes * TIMES) {
    void core.background.run(() => sweepDiscarded(core));
    throw new RateLimitedError(LATER_S);
  }
  add(state, accountId, size);
  return () => add(state, accountId, -size);
}

function add({ bytes }: State, accountId: string, by: number): void {
  const sum = (bytes.get(accountId) ?? 0) + by;
  if (sum === 0) bytes.delete(accountId);
  else bytes.set(accountId, sum);
}

/** Removes what was discarded long enough ago. Throws `StorageUnavailableError`. */
export async function sweepDiscarded(core: Core): Promise<void> {
  const state = stateOf(core);
  if (state.sweeping) return;
  state.sweeping = true;
  try {
    for (;;) {
      const before = core.clock.now() - KEPT_MS;
      const [first] = state.queue;
      if (first === undefined || first.at > before) return;
      const refs = { index: 'content', prefix: [first.hash], covered: true, limit: 1 };
      const { items } = await core.storage.collection(blobRefsSpec).scan(refs);
      if (items.length === 0) await core.storage.blobs.delete(first.hash, new Date(before));
      state.queue.shift();
      add(state, first.accountId, -first.size);
    }
  } finally {
    state.sweeping = false;
  }
}
