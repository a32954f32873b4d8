import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../support/engines.ts';
import { chunksOf, MIB } from './contents.ts';
import { open, things } from './things.ts';

/** How much the database takes. */
export function sizeContract(engine: Engine): void {
  describe('size', () => {
    test('is a number of bytes, in which blobs do not count', async () => {
      const { storage } = await open(engine);
      await storage.collection(things).insert({ space: 's', id: 'a', note: 'n' });
      const before = await storage.size();
      expect(Number.isInteger(before)).toBe(true);
      expect(before).toBeGreaterThan(0);
      for (let i = 0; i < 3; i++) await storage.blobs.put(chunksOf(randomBytes(2 * MIB)), 2 * MIB);
      expect((await storage.size()) - before).toBeLessThan(MIB);
    });

    test('of a collection is estimated: all documents while nothing ends', async () => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      expect(await collection.estimate()).toBe(0);
      for (let i = 0; i < 5; i++) await collection.insert({ space: `s${i}`, id: 'a', note: 'n' });
      await collection.delete(['s0', 'a']);
      expect(await collection.estimate()).toBe(4);
    });
  });
}
