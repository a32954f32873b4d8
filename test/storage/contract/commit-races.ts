import { describe, expect, test } from 'vitest';
import { ConflictError, DuplicateKeyError } from '../../../src/base/errors.ts';
import type { Storage, Write } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { failures, labels, open, readIds, things } from './things.ts';

/** Whether somebody was faster. A commit that is not atomic may notice it only at a later write. */
function isLost(error: unknown, { atomicCommit }: Storage): boolean {
  return error instanceof ConflictError || (!atomicCommit && error instanceof DuplicateKeyError);
}

/** Commits at the same moment. Where `atomicCommit` is false, only the first write of a commit decides a race. */
export function commitRacesContract(engine: Engine): void {
  describe('racing commits', () => {
    async function withVersion(): Promise<[Storage, Storage]> {
      const { storage, another } = await open(engine);
      await storage.collection(labels).insert({ id: 'head', version: 1 });
      return [storage, await another()];
    }

    test('two that expect the same state: one succeeds, the other is a ConflictError and leaves nothing', async () => {
      const [one, two] = await withVersion();
      const write = (id: string): Write[] => [
        { in: labels, update: ['head'], change: { add: { version: 1 } }, expect: { version: 1 } },
        { in: things, insert: { space: 's', id } },
      ];
      const errors = failures(await Promise.allSettled([one.commit(write('a')), two.commit(write('b'))]));
      expect(errors).toHaveLength(1);
      expect(errors[0]).toBeInstanceOf(ConflictError);
      expect(errors[0]).toMatchObject({ at: 0 });
      expect(await one.collection(labels).get(['head'])).toMatchObject({ version: 2 });
      expect(await readIds(one.collection(things))).toHaveLength(1);
    });

    test('20 that insert the same key: one succeeds', async () => {
      const [one, two] = await withVersion();
      const attempts = Array.from({ length: 20 }, (_, i) =>
        (i % 2 ? one : two).commit([
          { in: things, insert: { space: 's', id: 'seq' } },
          { in: labels, put: { id: `by ${i}` } },
        ]),
      );
      const errors = failures(await Promise.allSettled(attempts));
      expect(errors).toHaveLength(19);
      for (const error of errors) expect(error).toMatchObject({ name: 'DuplicateKeyError', index: 'primary', at: 0 });
      expect(await one.collection(labels).count({ from: 'by', below: 'bz' })).toBe(1);
    });

    test('20 that repeat on conflict all succeed in the end, one after the other', async () => {
      const [one, two] = await withVersion();
      async function append(storage: Storage, note: string): Promise<void> {
        for (let attempt = 0; attempt < 200; attempt++) {
          const version = (await storage.collection(labels).get(['head']))?.version ?? 0;
          try {
            await storage.commit([
              { in: labels, update: ['head'], change: { set: { version: version + 1 } }, expect: { version } },
              { in: things, insert: { space: 'log', id: `${version}`.padStart(3, '0'), note } },
            ]);
            return;
          } catch (error) {
            if (!isLost(error, storage)) throw error;
          }
        }
        throw new Error('never succeeded');
      }
      await Promise.all(Array.from({ length: 20 }, (_, i) => append(i % 2 ? one : two, `${i}`)));
      expect(await one.collection(labels).get(['head'])).toMatchObject({ version: 21 });
      expect(await readIds(one.collection(things), { prefix: ['log'] })).toEqual(
        Array.from({ length: 20 }, (_, i) => `${i + 1}`.padStart(3, '0')),
      );
    });

    test('plain writes beside commits are neither lost nor rolled back', async () => {
      const [one, two] = await withVersion();
      const bad: Write[] = [
        { in: labels, put: { id: 'never' } },
        { in: labels, require: ['head'], expect: { version: 99 } },
      ];
      await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          if (i % 3 === 0) await expect(one.commit(bad)).rejects.toBeInstanceOf(ConflictError);
          else await (i % 3 === 1 ? one : two).collection(things).insert({ space: 's', id: `${i}` });
        }),
      );
      expect(await one.collection(things).count({ prefix: ['s'] })).toBe(20);
      expect(await one.collection(labels).get(['never'])).toBeUndefined();
    });

    test('two that require what the other changes: not both succeed where commits are atomic', async () => {
      const [one, two] = await withVersion();
      for (let round = 0; round < 5; round++) {
        await one.collection(labels).put({ id: 'x', text: 'on' });
        await one.collection(labels).put({ id: 'y', text: 'on' });
        const switchOff = (storage: Storage, off: string, other: string) =>
          storage.commit([
            { in: labels, require: [other], expect: { text: 'on' } },
            { in: labels, update: [off], change: { set: { text: 'off' } }, expect: { text: 'on' } },
          ]);
        const errors = failures(await Promise.allSettled([switchOff(one, 'x', 'y'), switchOff(two, 'y', 'x')]));
        for (const error of errors) expect(error).toBeInstanceOf(ConflictError);
        if (one.atomicCommit) expect(errors).toHaveLength(1);
      }
    });

    test('two that make what the other requires to be absent: not both succeed where commits are atomic', async () => {
      const [one, two] = await withVersion();
      for (let round = 0; round < 5; round++) {
        const take = (storage: Storage, mine: string, other: string) =>
          storage.commit([
            { in: labels, require: [`${other}${round}`], expect: 'absent' },
            { in: labels, insert: { id: `${mine}${round}`, text: 'mine' } },
          ]);
        const errors = failures(await Promise.allSettled([take(one, 'x', 'y'), take(two, 'y', 'x')]));
        for (const error of errors) expect(error).toBeInstanceOf(ConflictError);
        const made = await Promise.all(['x', 'y'].map(id => one.collection(labels).get([`${id}${round}`])));
        const count = made.filter(label => label !== undefined).length;
        expect(count).toBe(2 - errors.length);
        if (one.atomicCommit) expect(count).toBe(1);
      }
    });
  });
}
