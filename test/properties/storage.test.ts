import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ConflictError, DuplicateKeyError } from '../../src/base/errors.ts';
import type { Change, Collection, Storage, Write } from '../../src/storage/port.ts';
import { forEachEngine, needs } from '../support/engines.ts';
import {
  BOUNDS,
  byBytes,
  type Item,
  items,
  KEYS,
  Model,
  type Step,
  steps,
  toChange,
  toDoc,
  type Writing,
} from './storage-model.ts';

const LONG = { timeout: 120_000 };

forEachEngine('storage properties', engine => {
  const runs = engine.name === 'embedded' ? 60 : 12;

  const histories = [
    ['values of their own', false],
    ['contested unique values', true],
  ] as const;

  test.for(histories)('a random history of %s leaves what a Map would hold', LONG, async ([, contested], context) => {
    if (contested) needs(context, engine, 'uniqueUpdates');
    const { storage, clock, cleanup } = await engine.open({ specs: [items] });
    onTestFinished(cleanup);
    const collection = storage.collection(items);
    await fc.assert(
      fc.asyncProperty(fc.array(steps(contested), { minLength: 1, maxLength: 25 }), async history => {
        const model = new Model(() => clock.now());
        await collection.deleteMany({});
        for (const step of history) {
          if (step.kind === 'wait') clock.advance(step.ms);
          else expect(await outcome(() => apply(storage, step, clock.now()))).toEqual(play(model, step));
        }
        await expectSame(collection, model.docs());
      }),
      { numRuns: runs },
    );
  });

  test.for(histories)(
    'racing writes of %s leave indexes that equal the documents',
    LONG,
    async ([, contested], context) => {
      if (contested) needs(context, engine, 'uniqueUpdates');
      const { storage, clock, another, cleanup } = await engine.open({ specs: [items] });
      onTestFinished(cleanup);
      const handles = [storage, await another()] as const;
      const collection = storage.collection(items);
      await fc.assert(
        fc.asyncProperty(fc.array(steps(contested), { minLength: 5, maxLength: 25 }), async history => {
          await collection.deleteMany({});
          const racing = history.map(async (step, i) => {
            if (step.kind !== 'wait') await outcome(() => apply(handles[i % 2 ? 0 : 1], step, clock.now()));
          });
          await Promise.all(racing);
          const docs = await Promise.all(KEYS.map(key => collection.get(['s', key])));
          const live = docs.filter(doc => doc !== undefined);
          await expectSame(
            collection,
            live.toSorted((a, b) => byBytes(a.id, b.id)),
          );
        }),
        { numRuns: runs },
      );
    },
  );

  test('texts are ordered by their UTF-8 bytes', LONG, async () => {
    const { storage, cleanup } = await engine.open({ specs: [items] });
    onTestFinished(cleanup);
    const text = fc.string({ unit: 'binary', maxLength: 12 }).filter(s => !s.includes('\0') && s.isWellFormed());
    const collection = storage.collection(items);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 2, maxLength: 20 }), async texts => {
        await collection.deleteMany({});
        await Promise.all(texts.map(id => collection.insert({ space: 's', id, tag: id })));
        const sorted = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await ids(collection, {})).toEqual(sorted);
        expect(await ids(collection, { index: 'tag' })).toEqual(sorted);
        expect(await ids(collection, { prefix: ['s'], from: sorted[1] ?? '' })).toEqual(sorted.slice(1));
      }),
      { numRuns: runs },
    );
  });
});

function play(model: Model, step: Exclude<Step, { kind: 'wait' }>): unknown {
  return step.kind === 'commit' ? model.commit(step.writes) : model.apply(step);
}

async function ids(collection: Collection<Item>, range: object): Promise<string[]> {
  return (await collection.scan({ ...range, limit: 100 })).items.map(item => item.id);
}

/** `true`/`false` for done or not, or the error's name and index. */
async function outcome(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof DuplicateKeyError) return `duplicate ${error.index}`;
    if (error instanceof ConflictError) return 'conflict';
    throw error;
  }
}

async function apply(storage: Storage, step: Exclude<Step, { kind: 'wait' }>, now: number): Promise<unknown> {
  const collection = storage.collection(items);
  switch (step.kind) {
    case 'insert':
      await collection.insert(toDoc(step.id, step.fields, now));
      return true;
    case 'put':
      await collection.put(toDoc(step.id, step.fields, now));
      return true;
    case 'set':
      return (
        (await collection.update(['s', step.id], toChange(step.id, step.fields, now), expected(step))) !== undefined
      );
    case 'add':
      return (await collection.update(['s', step.id], addition(step.by))) !== undefined;
    case 'delete':
      return collection.delete(['s', step.id]);
    case 'clear':
      return collection.deleteMany({ prefix: ['s'], from: step.from });
    case 'commit':
      await storage.commit(step.writes.map(write => toWrite(write, now)));
      return true;
  }
}

function toWrite(step: Writing, now: number): Write<Item> {
  switch (step.kind) {
    case 'insert':
      return { in: items, insert: toDoc(step.id, step.fields, now) };
    case 'put':
      return { in: items, put: toDoc(step.id, step.fields, now) };
    case 'set':
      return {
        in: items,
        update: ['s', step.id],
        change: toChange(step.id, step.fields, now),
        expect: expected(step) ?? {},
      };
    case 'add':
      return { in: items, update: ['s', step.id], change: addition(step.by) };
    case 'delete':
      return { in: items, delete: ['s', step.id] };
    case 'clear':
      return { in: items, deleteMany: { prefix: ['s'], from: step.from } };
  }
}

function expected({ expectRank }: { expectRank?: number | undefined }): { rank: number } | undefined {
  return expectRank === undefined ? undefined : { rank: expectRank };
}

function addition(by: number): Change<Item> {
  return { add: { total: by }, bounds: BOUNDS };
}

async function expectSame(collection: Collection<Item>, docs: Item[]): Promise<void> {
  expect((await collection.scan({ limit: 100 })).items).toEqual(docs);
  expect(await collection.count({})).toBe(docs.length);
  for (const key of KEYS) expect(await collection.get(['s', key])).toEqual(docs.find(doc => doc.id === key));
  const tagged = docs.filter(doc => doc.tag !== undefined);
  const ranked = docs.filter(doc => doc.rank !== undefined);
  expect((await ids(collection, { index: 'tag' })).toSorted()).toEqual(tagged.map(doc => doc.id).toSorted());
  const byRank = ranked.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || byBytes(a.id, b.id)).map(doc => doc.id);
  expect(await ids(collection, { index: 'rank', prefix: ['s'] })).toEqual(byRank);
  const covered = await collection.scan({ index: 'rank', prefix: ['s'], limit: 100, covered: true });
  expect(covered.items.map(({ id: key, total }) => [key, total])).toEqual(
    byRank.map(key => [key, docs.find(doc => doc.id === key)?.total]),
  );
  for (const doc of tagged) expect(await collection.find('tag', [doc.tag ?? ''])).toEqual(doc);
}
