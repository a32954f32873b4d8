/** What reads see while others write: for each key a register, written by one, read by many. */

import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { DuplicateKeyError } from '../../src/base/errors.ts';
import type { Collection } from '../../src/storage/port.ts';
import { forEachEngine } from '../support/engines.ts';
import { type Item, items, KEYS } from './storage-model.ts';

const LONG = { timeout: 120_000 };

type Kind = 'insert' | 'put' | 'delete' | 'set';

/** A key's states, one for each write that was begun; `done` is the last one that was acknowledged. */
class Register {
  /** The rank of the document, or undefined where there is none. */
  readonly states: (number | undefined)[] = [undefined];
  done = 0;
  readonly #collection: Collection<Item>;
  readonly #id: string;

  constructor(collection: Collection<Item>, id: string) {
    this.#collection = collection;
    this.#id = id;
  }

  /** Writes one after another; each is acknowledged before the next one begins. */
  async write(kinds: readonly Kind[]): Promise<void> {
    for (const kind of kinds) {
      const before = this.states.at(-1);
      const rank = this.states.length;
      const there = before !== undefined;
      const after = { insert: there ? before : rank, put: rank, delete: undefined, set: there ? rank : undefined }[
        kind
      ];
      this.states.push(after);
      expect(await this.#apply(kind, rank), kind).toBe(kind === 'put' || there === (kind !== 'insert'));
      this.done = this.states.length - 1;
    }
  }

  /** Whether there was something to do. */
  async #apply(kind: Kind, rank: number): Promise<boolean> {
    const doc = { space: 's', id: this.#id, tag: this.#id, rank };
    if (kind === 'delete') return this.#collection.delete(['s', this.#id]);
    if (kind === 'set') return (await this.#collection.update(['s', this.#id], { set: { rank } })) !== undefined;
    if (kind === 'put') return this.#collection.put(doc).then(() => true);
    return this.#collection.insert(doc).then(
      () => true,
      error => {
        if (error instanceof DuplicateKeyError && error.index === 'primary') return false;
        throw error;
      },
    );
  }

  /** What a read may see that begins now, once it is over. */
  reading(): () => readonly (number | undefined)[] {
    const { done } = this;
    return () => this.states.slice(done);
  }
}

forEachEngine('storage reads', engine => {
  const runs = engine.name === 'embedded' ? 40 : 10;
  const kinds = fc.array(fc.constantFrom<Kind>('insert', 'put', 'put', 'delete', 'set'), {
    minLength: 1,
    maxLength: 12,
  });
  const histories = fc.tuple(...KEYS.map(() => kinds));

  test(
    'a read sees each write that was acknowledged before it was asked for, of this handle and of another',
    LONG,
    async () => {
      const { storage, another, cleanup } = await engine.open({ specs: [items] });
      onTestFinished(cleanup);
      const [one, two] = [storage.collection(items), (await another()).collection(items)];
      await fc.assert(
        fc.asyncProperty(histories, fc.integer({ min: 1, max: 4 }), async (history, readers) => {
          await one.deleteMany({});
          const registers = KEYS.map((id, i) => new Register(i % 2 ? one : two, id));
          let writing = true;
          const read = async (collection: Collection<Item>, by: 'get' | 'find', i: number) => {
            const [id = '', register] = [KEYS[i], registers[i] as Register];
            while (writing) {
              const expected = register.reading();
              const doc = await (by === 'get' ? collection.get(['s', id]) : collection.find('tag', [id]));
              expect(expected(), `${by} ${id}`).toContain(doc?.rank);
              await turn(); // an engine that answers at once would let nobody write
            }
          };
          const reading = KEYS.flatMap((_, i) =>
            Array.from({ length: readers }, (_, n) => read(n % 2 ? one : two, (n + i) % 3 ? 'get' : 'find', i)),
          );
          const written = Promise.all(registers.map((register, i) => register.write(history[i] ?? [])));
          await Promise.all([written.finally(() => (writing = false)), ...reading]);
          for (const [i, id] of KEYS.entries()) {
            for (const handle of [one, two])
              expect((await handle.get(['s', id]))?.rank).toBe(registers[i]?.states.at(-1));
          }
        }),
        { numRuns: runs },
      );
    },
  );
});
