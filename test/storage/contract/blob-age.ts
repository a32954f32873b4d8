import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InvalidInputError, StorageUnavailableError } from '../../../src/base/errors.ts';
import type { BlobStore } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { addresses, chunksOf, MIB, type Paused, paused, read, sha256 } from './contents.ts';
import { open } from './things.ts';

const DAY = 24 * 3_600_000;

/** Begins an upload that stands still half way. */
async function begin(blobs: BlobStore, bytes: Uint8Array): Promise<Paused & { stored: Promise<unknown> }> {
  const slow = paused(bytes);
  const stored = blobs.put(slow.content, MIB).catch(e => e);
  await slow.halfRead;
  return { ...slow, stored };
}

/** What goes because of its age: blobs last stored before a moment, and uploads that died. */
export function blobAgeContract(engine: Engine): void {
  describe('deleting what is old', () => {
    test('takes a blob that was last stored before the moment, and no other', async () => {
      const { storage, clock } = await open(engine);
      const { blobs } = storage;
      const bytes = randomBytes(300_000);
      const address = sha256(bytes);
      expect(await blobs.delete(address, new Date(clock.now() + DAY))).toBe(false);
      const first = clock.now();
      await blobs.put(chunksOf(bytes), MIB);
      expect(await blobs.delete(address, new Date(first))).toBe(false);
      expect(await blobs.delete(address, new Date(0))).toBe(false);
      clock.advance(5);
      await blobs.put(chunksOf(bytes), MIB);
      expect(await blobs.delete(address, new Date(first + 5))).toBe(false);
      expect((await read(blobs, address))?.equals(bytes)).toBe(true);
      expect((await blobs.list()).items).toEqual([{ sha256: address, size: bytes.length, at: new Date(first + 5) }]);
      expect(await blobs.delete(address, new Date(first + 6))).toBe(true);
      expect(await blobs.stat(address)).toBeUndefined();
      expect(await blobs.delete(address, new Date(first + 6))).toBe(false);
      expect(await blobs.sweep()).toEqual({ unfinished: 0 });
      await expect(blobs.delete('../x', new Date(0))).rejects.toBeInstanceOf(InvalidInputError);
    });

    test('by many at once, one of them has done it', async () => {
      const { storage, another, clock } = await open(engine);
      const stores = [storage.blobs, (await another()).blobs];
      const bytes = randomBytes(300_000);
      await storage.blobs.put(chunksOf(bytes), MIB);
      clock.advance(1);
      const before = new Date(clock.now());
      const all = await Promise.all(
        [...stores, ...stores, ...stores].map(blobs => blobs.delete(sha256(bytes), before)),
      );
      expect(all.filter(Boolean)).toHaveLength(1);
      expect(await addresses(storage.blobs)).toEqual([]);
    });

    test('never takes what was stored again meanwhile, by whatever process', async () => {
      const { storage, another, clock } = await open(engine);
      const cleaner = (await another()).blobs;
      const bytes = randomBytes(10_000);
      const address = sha256(bytes);
      for (let round = 0; round < 25; round++) {
        await storage.blobs.put(chunksOf(bytes), MIB);
        clock.advance(2 * DAY);
        const before = new Date(clock.now() - DAY);
        const stored = async () => {
          await storage.blobs.put(chunksOf(bytes), MIB);
          return read(storage.blobs, address); // at once: nobody may take it away, be it to give it back
        };
        const deleted = async (blobs: BlobStore, pause: number) => {
          for (let i = 0; i < pause; i++) await blobs.stat(address);
          return blobs.delete(address, before);
        };
        const [content, ...gone] = await Promise.all([
          stored(),
          ...Array.from({ length: 6 }, (_, i) => deleted(i % 2 ? cleaner : storage.blobs, i + (round % 5))),
        ]);
        expect(content?.equals(bytes)).toBe(true);
        expect(gone.filter(Boolean).length).toBeLessThanOrEqual(1);
        expect((await storage.blobs.list()).items).toEqual([
          { sha256: address, size: bytes.length, at: new Date(clock.now()) },
        ]);
        expect((await read(cleaner, address))?.equals(bytes)).toBe(true);
      }
    });
  });

  describe('sweeping uploads', () => {
    test('leaves blobs alone, however old', async () => {
      const { storage, clock } = await open(engine);
      const bytes = randomBytes(300_000);
      await storage.blobs.put(chunksOf(bytes), MIB);
      await storage.blobs.put(chunksOf(bytes), MIB);
      clock.advance(100 * DAY);
      expect(await storage.blobs.sweep()).toEqual({ unfinished: 0 });
      expect((await read(storage.blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
    });

    test('counts those under way, which go on, whoever sweeps or opens meanwhile', async () => {
      const { storage, another, clock } = await open(engine);
      const contents = [randomBytes(600_000), randomBytes(10)];
      const begun = await Promise.all(contents.map(bytes => begin(storage.blobs, bytes)));
      clock.advance(DAY);
      const other = (await another()).blobs;
      const sweeps = [storage.blobs, other, storage.blobs, other].map(blobs => blobs.sweep());
      expect(await Promise.all(sweeps)).toEqual(sweeps.map(() => ({ unfinished: 2 })));
      for (const { goOn } of begun) goOn();
      for (const [i, { stored }] of begun.entries()) {
        const bytes = contents[i] ?? Buffer.alloc(0);
        expect(await stored).toEqual({ sha256: sha256(bytes), size: bytes.length });
        expect((await read(other, sha256(bytes)))?.equals(bytes)).toBe(true);
      }
      expect(await other.sweep()).toEqual({ unfinished: 0 });
    });

    test('removes those that began more than a day ago; one that goes on all the same is refused', async () => {
      const { storage, another, clock } = await open(engine);
      const dead = (await another()).blobs;
      const known = randomBytes(600_000);
      await storage.blobs.put(chunksOf(known), MIB);
      const before = await storage.blobs.list();
      const uploads = [await begin(dead, known), await begin(dead, randomBytes(600_000))];
      clock.advance(DAY);
      const young = await begin(dead, randomBytes(600_000));
      expect(await storage.blobs.sweep()).toEqual({ unfinished: 3 });
      clock.advance(1);
      expect(await storage.blobs.sweep()).toEqual({ unfinished: 1 });
      for (const { goOn, stored } of uploads) {
        goOn();
        expect(await stored).toBeInstanceOf(StorageUnavailableError);
      }
      expect(await storage.blobs.list()).toEqual(before);
      expect((await read(storage.blobs, sha256(known)))?.equals(known)).toBe(true);
      young.goOn(new Error('gone'));
      expect(await young.stored).toMatchObject({ message: 'gone' });
      expect(await storage.blobs.sweep()).toEqual({ unfinished: 0 });
    });

    test('at the same time as uploads and removals, from two handles, disturbs none of them', async () => {
      const { storage, another, clock } = await open(engine);
      const stores = [storage.blobs, (await another()).blobs];
      for (let round = 0; round < 3; round++) {
        const contents = Array.from({ length: 4 }, () => randomBytes(10_000));
        const [old = Buffer.alloc(0), ...others] = contents;
        await storage.blobs.put(chunksOf(old), MIB);
        clock.advance(DAY);
        const work = stores.flatMap(blobs => [
          ...others.map(bytes => blobs.put(chunksOf(bytes), MIB)),
          blobs.sweep(),
          blobs.delete(sha256(old), new Date(clock.now())),
          blobs.sweep(),
        ]);
        await Promise.all(work);
        expect(await storage.blobs.sweep()).toEqual({ unfinished: 0 });
        for (const bytes of others) expect((await read(storage.blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
        expect(await storage.blobs.stat(sha256(old))).toBeUndefined();
      }
    });
  });
}
