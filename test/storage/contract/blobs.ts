import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InvalidInputError, PayloadTooLargeError } from '../../../src/base/errors.ts';
import type { Engine } from '../../support/engines.ts';
import { addresses, chunksOf, MIB, read, sha256 } from './contents.ts';
import { open } from './things.ts';

/** Content by its hash. */
export function blobsContract(engine: Engine): void {
  describe('blobs', () => {
    test.each([0, 1, 1000, 255 * 1024, 255 * 1024 + 1, 5 * MIB + 17])('%i bytes come back as they were', async size => {
      const { storage, reopen } = await open(engine);
      const bytes = randomBytes(size);
      expect(await storage.blobs.put(chunksOf(bytes), size)).toEqual({ sha256: sha256(bytes), size });
      expect(await storage.blobs.stat(sha256(bytes))).toEqual({ size });
      expect((await read(storage.blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
      const again = (await reopen()).blobs;
      expect((await read(again, sha256(bytes)))?.equals(bytes)).toBe(true);
    });

    test('a range takes both ends', async () => {
      const { blobs } = (await open(engine)).storage;
      const bytes = randomBytes(600 * 1024);
      const { sha256: address } = await blobs.put(chunksOf(bytes), MIB);
      for (const [start, end] of [
        [0, 0],
        [0, 9],
        [5, 5],
        [255 * 1024 - 1, 255 * 1024],
        [100, 400_000],
        [0, bytes.length - 1],
        [bytes.length - 1, bytes.length - 1],
      ] as const) {
        expect(
          (await read(blobs, address, { start, end }))?.equals(bytes.subarray(start, end + 1)),
          `${start}-${end}`,
        ).toBe(true);
      }
      expect((await read(blobs, address, { start: 599_000 }))?.equals(bytes.subarray(599_000))).toBe(true);
      expect((await read(blobs, address, { start: 0 }))?.equals(bytes)).toBe(true);
    });

    test('what is not there is undefined, and cannot be deleted', async () => {
      const { blobs } = (await open(engine)).storage;
      const address = sha256(Buffer.from('never'));
      expect(await blobs.open(address)).toBeUndefined();
      expect(await blobs.open(address, { start: 5 })).toBeUndefined();
      expect(await blobs.stat(address)).toBeUndefined();
      expect(await blobs.delete(address)).toBe(false);
      expect(await blobs.list()).toEqual({ items: [] });
    });

    test.each(['', 'x', '../../../../etc/passwd', 'AB'.repeat(32), `${'ab'.repeat(31)}/.`])(
      '%j is no address',
      async address => {
        const { blobs } = (await open(engine)).storage;
        for (const call of [blobs.open(address), blobs.stat(address), blobs.delete(address)]) {
          const answer = await call.catch(error => error);
          if (answer instanceof Error) expect(answer).toBeInstanceOf(InvalidInputError);
          else expect([undefined, false]).toContain(answer);
        }
      },
    );

    test('the same content twice, and 20 times at once, is one blob with a fresh time', async () => {
      const { storage, clock } = await open(engine);
      const bytes = randomBytes(50 * 1024);
      await storage.blobs.put(chunksOf(bytes), MIB);
      expect((await storage.blobs.list()).items).toEqual([
        { sha256: sha256(bytes), size: bytes.length, at: new Date(clock.now()) },
      ]);
      clock.advance(5000);
      await Promise.all(Array.from({ length: 20 }, () => storage.blobs.put(chunksOf(bytes, 10_000), MIB)));
      expect((await storage.blobs.list()).items).toEqual([
        { sha256: sha256(bytes), size: bytes.length, at: new Date(clock.now()) },
      ]);
      expect((await read(storage.blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
      expect(await storage.blobs.delete(sha256(bytes))).toBe(true);
      expect(await storage.blobs.stat(sha256(bytes))).toBeUndefined();
    });

    test('more than the limit is a PayloadTooLargeError, nothing is kept and the source is not read on', async () => {
      const { blobs } = (await open(engine)).storage;
      let ended = false;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(64 * 1024);
        } finally {
          ended = true;
        }
      }
      await expect(blobs.put(endless(), MIB)).rejects.toBeInstanceOf(PayloadTooLargeError);
      expect(ended).toBe(true);
      await expect(blobs.put(chunksOf(Buffer.from('abc')), 2)).rejects.toMatchObject({ details: { limit: 2 } });
      expect(await addresses(blobs)).toEqual([]);
    });

    test('another content than the expected hash says is refused and not kept', async () => {
      const { blobs } = (await open(engine)).storage;
      const bytes = randomBytes(100_000);
      const other = randomBytes(100_000);
      const error = await blobs.put(chunksOf(bytes), MIB, { expected: sha256(other) }).catch(e => e);
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.code).toBe('blob_hash_mismatch');
      expect(await addresses(blobs)).toEqual([]);
      const expected = sha256(other);
      expect(await blobs.put(chunksOf(other), MIB, { expected })).toEqual({ sha256: expected, size: 100_000 });
      await expect(blobs.put(chunksOf(bytes), MIB, { expected })).rejects.toBeInstanceOf(InvalidInputError);
      expect((await read(blobs, sha256(other)))?.equals(other)).toBe(true);
    });

    test('an upload that breaks off leaves nothing, and its error comes through', async () => {
      const { blobs } = (await open(engine)).storage;
      // As a socket says it, and as a file system would.
      const failure = Object.assign(new Error('client went away'), { code: 'ECONNRESET', syscall: 'read' });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield randomBytes(600_000);
        throw failure;
      }
      expect(await blobs.put(broken(), MIB).catch(e => e)).toBe(failure);
      expect(await addresses(blobs)).toEqual([]);
      expect(await blobs.sweep()).toEqual({ unfinished: 0 });
    });

    test('can be read while the same content is stored again', async () => {
      const { blobs } = (await open(engine)).storage;
      const bytes = randomBytes(2 * MIB);
      await blobs.put(chunksOf(bytes), 2 * MIB);
      const parts: Uint8Array[] = [];
      for await (const part of (await blobs.open(sha256(bytes))) ?? []) {
        if (parts.length === 0) await blobs.put(chunksOf(bytes), 2 * MIB);
        parts.push(part);
      }
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    });

    test('stored and deleted at once, a blob is whole or gone', async () => {
      const { blobs } = (await open(engine)).storage;
      const bytes = randomBytes(300_000);
      for (let round = 0; round < 5; round++) {
        await blobs.put(chunksOf(bytes), MIB);
        await Promise.all([blobs.delete(sha256(bytes)), blobs.put(chunksOf(bytes), MIB), blobs.delete(sha256(bytes))]);
        const content = await read(blobs, sha256(bytes));
        expect(content === undefined || content.equals(bytes)).toBe(true);
        expect(await addresses(blobs)).toEqual(content ? [sha256(bytes)] : []);
      }
    });

    test('a blob that was deleted can be stored again', async () => {
      const { storage, another } = await open(engine);
      const bytes = randomBytes(1000);
      await storage.blobs.put(chunksOf(bytes), MIB);
      const other = (await another()).blobs;
      expect(await other.delete(sha256(bytes))).toBe(true);
      expect(await storage.blobs.delete(sha256(bytes))).toBe(false);
      await storage.blobs.put(chunksOf(bytes), MIB);
      expect((await read(other, sha256(bytes)))?.equals(bytes)).toBe(true);
    });

    test('the list is ordered by address and goes on page by page', { timeout: 120_000 }, async () => {
      const { blobs } = (await open(engine)).storage;
      const stored: string[] = [];
      while (stored.length < 1500 && (await blobs.list()).next === undefined) {
        const batch = Array.from({ length: 5 }, (_, i) => Buffer.from(`blob ${stored.length + i}`));
        await Promise.all(batch.map(bytes => blobs.put(chunksOf(bytes), 100)));
        stored.push(...batch.map(sha256));
      }
      const first = await blobs.list();
      expect(first.next).toBeTypeOf('string');
      expect(first.items.length).toBeGreaterThanOrEqual(100);
      expect(await addresses(blobs)).toEqual(stored.toSorted());
      expect(await blobs.count()).toBe(stored.length);
      await expect(blobs.list('x/..')).rejects.toMatchObject({ name: 'InvalidInputError', code: 'cursor_invalid' });
    });

    test('ping resolves', async () => {
      const { storage } = await open(engine);
      await storage.blobs.ping();
    });
  });
}
