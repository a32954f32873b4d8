/**
 * The end of a backup file: an empty member of gzip whose comment is the SHA-256 of all bytes before it. Programs that read gzip skip it.
 * gzip's own checks leave some bits of a file out.
 */

import { createHash } from 'node:crypto';
import { BackupError } from '../backup-error.ts';

/** RFC 1952: magic, deflate, with a comment, no time, no hints, of an unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff]);
const COMMENT = 'SHA-256 of all before: ';
/** The end of the comment; nothing, as deflate has it; CRC-32 and length of nothing. */
const NOTHING = Buffer.from([0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Bytes of a seal. */
export const SEAL_BYTES = HEADER.length + COMMENT.length + 64 + NOTHING.length;

function sealOf(sha256: string): Buffer {
  return Buffer.concat([HEADER, Buffer.from(`${COMMENT}${sha256}`, 'latin1'), NOTHING]);
}

/** The bytes, and their seal behind them. */
export async function* sealed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  yield sealOf(hash.digest('hex'));
}

/** The bytes without their seal. Throws `BackupError` at the end when it is not theirs, or none. */
export async function* unsealed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let tail: Uint8Array = Buffer.alloc(0);
  for await (const piece of bytes) {
    const all = tail.length === 0 ? piece : Buffer.concat([tail, piece]);
    const end = Math.max(0, all.length - SEAL_BYTES);
    tail = all.subarray(end);
    if (end === 0) continue;
    const body = all.subarray(0, end);
    hash.update(body);
    yield body;
  }
  if (Buffer.compare(tail, sealOf(hash.digest('hex'))) === 0) return;
  const looksSealed = tail.length === SEAL_BYTES && Buffer.from(tail).includes(COMMENT);
  throw new BackupError(
    looksSealed
      ? 'the backup is damaged: its bytes are not those that were written'
      : 'the backup is cut short, or damaged at its end: it has no seal',
  );
}
