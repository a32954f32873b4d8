/** Values as they arrive: short ones are held, long ones go into the blob store on the way (v2.md, section 2). */

import { createHash } from 'node:crypto';
import { PayloadTooLargeError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Core } from '../../context.ts';
import type { Content } from '../change/steps.ts';
import { discard, KEPT_MS, takeDisk } from './discard.ts';
import { encodingOf, FormCheck, type Said, storedForm } from './form.ts';

/** Bytes up to which a value is part of its entry. */
export const SHORT = 1_048_576;

/** What arrived. */
export interface Arrived {
  /** SHA-256 of the bytes. */
  readonly sha256: string;
  /** The bytes, where they are few. */
  readonly bytes?: Buffer;
  /** What an entry holds then, without what is said of it. */
  readonly held: Pick<Content, 'value' | 'blob' | 'encoding' | 'size'>;
  /** When the blob store got it, in milliseconds. */
  readonly at: number;
}

/** How a value arrives. */
export interface Arrival {
  readonly said: Said;
  /** Most bytes. */
  readonly limit: number;
  /** Bytes that were announced; absent: nobody knows. */
  readonly announced?: number | undefined;
  /** Called when it is known how many bytes there are of a long value, before it is kept. What it throws keeps it from that. */
  readonly accept: (size: number) => Promise<void>;
}

/** Takes a value in. Throws `PayloadTooLargeError`, `RateLimitedError`, what `content` and `accept` throw. */
export async function arrive(
  core: Core,
  accountId: string,
  content: AsyncIterable<Uint8Array>,
  { said, limit, announced = 0, accept }: Arrival,
): Promise<Arrived> {
  if (announced > limit) throw new PayloadTooLargeError(limit);
  const pieces = content[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  while (announced <= SHORT && size <= SHORT) {
    const next = await pieces.next();
    if (next.done) return short(Buffer.concat(held), said, core.clock.now());
    held.push(next.value);
    size += next.value.byteLength;
    if (size > limit) throw new PayloadTooLargeError(limit);
  }
  const form = new FormCheck(said);
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let piece = held.shift(); piece !== undefined; piece = held.shift()) {
      form.look(piece);
      yield piece;
    }
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      form.look(next.value);
      yield next.value;
    }
  }
  const giveBack = takeDisk(core, accountId, announced || limit);
  try {
    const blob = await core.storage.blobs.put(all(), limit, { accept: blob => accept(blob.size) });
    const stored = { blob: blob.sha256, size: blob.size, ...encodingOf(form.end()) };
    return { sha256: blob.sha256, held: stored, at: core.clock.now() };
  } finally {
    giveBack();
  }
}

async function short(bytes: Buffer, said: Said, at: number): Promise<Arrived> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sha256, bytes, held: { ...(await storedForm(bytes, said)), size: bytes.byteLength }, at };
}

/** The SHA-256 of what is not to be kept. Throws `PayloadTooLargeError`, what `content` throws. */
export async function hashOf(content: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of content) {
    size += piece.byteLength;
    if (size > limit) throw new PayloadTooLargeError(limit);
    hash.update(piece);
  }
  return hash.digest('hex');
}

/** Throws `StorageUnavailableError` when so long has passed since it arrived that its content may be gone. To be asked right before it is stored. */
export function demandFresh(core: Core, { at, held }: Arrived): void {
  if (held.blob === undefined || core.clock.now() - at < KEPT_MS / 2) return;
  throw new StorageUnavailableError('storing the value took too long');
}

/** To be called when nothing came of it. */
export function letGo(core: Core, accountId: string, { held }: Arrived): void {
  if (held.blob !== undefined) discard(core, accountId, held.blob, held.size);
}
