import { describe, expect, test } from 'vitest';
import type { Engine } from '../../support/engines.ts';
import { open } from './things.ts';

/** Named counters. */
export function counterContract(engine: Engine): void {
  describe('increment', () => {
    test('starts at 0, adds 1 by default and returns the new value', async () => {
      const { storage } = await open(engine);
      expect(await storage.increment('a')).toBe(1);
      expect(await storage.increment('a')).toBe(2);
      expect(await storage.increment('a', 10)).toBe(12);
      expect(await storage.increment('a', -2)).toBe(10);
      expect(await storage.increment('a', 0)).toBe(10);
      expect(await storage.increment('a', 2 ** 40)).toBe(2 ** 40 + 10);
    });

    test('counters are independent, whatever their names look like', async () => {
      const { storage } = await open(engine);
      for (const [i, name] of ['a', 'A', 'a.b', '$inc', '__proto__', 'é', ' '].entries()) {
        expect(await storage.increment(name, i + 1)).toBe(i + 1);
      }
      expect(await storage.increment('a')).toBe(2);
    });

    test('50 racing increments over two handles give 50 different values', async () => {
      const { storage, another } = await open(engine);
      const other = await another();
      const values = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? storage : other).increment('a')));
      expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    });

    test('outlives a restart', async () => {
      const { storage, reopen } = await open(engine);
      await storage.increment('a', 41);
      expect(await (await reopen()).increment('a')).toBe(42);
    });
  });
}
