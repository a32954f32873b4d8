import { describe, expect, test } from 'vitest';
import type { Engine } from '../../support/engines.ts';
import { open } from './things.ts';

/** Named secrets. */
export function secretContract(engine: Engine): void {
  describe('secret', () => {
    test('is 32 random bytes in base64url, and the same at every call', async () => {
      const { storage } = await open(engine);
      const { value, inDatabase } = await storage.secret('sessions');
      expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(value, 'base64url')).toHaveLength(32);
      expect(inDatabase).toBe(engine.name === 'mongodb');
      expect(await storage.secret('sessions')).toEqual({ value, inDatabase });
    });

    test('differs from name to name, and from data to data', async () => {
      const { storage } = await open(engine);
      const other = (await open(engine)).storage;
      const names = ['a', 'b', 'a-b', '0', '-'];
      const secrets = await Promise.all([storage, other].flatMap(each => names.map(name => each.secret(name))));
      expect(new Set(secrets.map(({ value }) => value)).size).toBe(10);
    });

    test('outlives a restart, and another handle has the same', async () => {
      const { storage, another, reopen } = await open(engine);
      const secret = await storage.secret('sessions');
      expect(await (await another()).secret('sessions')).toEqual(secret);
      expect(await (await reopen()).secret('sessions')).toEqual(secret);
    });

    test('20 first calls at once over two handles agree', async () => {
      const { storage, another } = await open(engine);
      const other = await another();
      const calls = Array.from({ length: 20 }, (_, i) => (i % 2 ? storage : other).secret('sessions'));
      const values = (await Promise.all(calls)).map(({ value }) => value);
      expect(new Set(values).size).toBe(1);
      expect((await storage.secret('sessions')).value).toBe(values[0]);
    });

    test.each(['', 'A', 'a.b', 'a/b', '../a', 'a_b', 'é', 'a\n'])('%j is no name', async name => {
      await expect((await open(engine)).storage.secret(name)).rejects.toThrow('cannot be the name of a secret');
    });
  });
}
