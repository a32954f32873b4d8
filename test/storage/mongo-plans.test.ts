/** What a real MongoDB server notes about the operations it ran: which index, whether it sorted, how much it read. */

import { type Db, MongoClient } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forEachEngine, needs } from '../support/engines.ts';
import { open, readAll, things } from './contract/things.ts';

forEachEngine(
  'mongodb',
  engine => {
    describe('query plans', () => {
      const ranges = [
        {},
        { prefix: ['s'] },
        { prefix: ['s'], from: '2', below: '8' },
        { index: 'email' },
        { index: 'email', from: '2' },
        { index: 'rank' },
        { index: 'rank', prefix: ['s'] },
        { index: 'rank', prefix: ['s'], from: 2, below: 8 },
        { index: 'rank', prefix: ['s', 5] },
        { index: 'at', from: new Date(2) },
      ];

      /** What the server noted about the operations of `work`. */
      async function profile(db: Db, work: () => Promise<unknown>) {
        await db.command({ profile: 2 });
        await work();
        await db.command({ profile: 0 });
        const notes = await db
          .collection('system.profile')
          .find({ ns: `${db.databaseName}.things`, planSummary: { $exists: true } })
          .toArray();
        await db.collection('system.profile').drop();
        return notes;
      }

      async function filled() {
        const { storage, options } = await open(engine);
        const client = new MongoClient(options.host);
        onTestFinished(() => client.close());
        const db = client.db(options.database);
        const collection = storage.collection(things);
        for (let i = 0; i < 60; i++) {
          const thing = { space: 's', id: `${i}`, email: `${i}`, rank: i % 6, at: new Date(i % 6) };
          await collection.insert(i % 3 ? thing : { space: 's', id: thing.id });
        }
        return { db, collection };
      }

      test.for(ranges)(
        '%j is read in index order, page by page, without sorting or reading anything twice',
        async (range, context) => {
          needs(context, engine, 'explain');
          const { db, collection } = await filled();
          for (const order of ['asc', 'desc'] as const) {
            const notes = await profile(db, () => readAll(collection, { ...range, order, limit: 7 }));
            const all = await readAll(collection, { ...range, order, limit: 1000 });
            expect(notes.length).toBeGreaterThan(0);
            for (const note of notes) {
              expect(note.planSummary).toMatch(/^(EXPRESS_)?IXSCAN/);
              expect(note.hasSortStage).not.toBe(true);
            }
            const read = notes.reduce((sum, note) => sum + Number(note.keysExamined), 0);
            // Each page reads one document more, and each interval may touch the key before it and the one that ends it. What
            // an interval lacks is asked of the next one, and no more.
            expect(read).toBeLessThanOrEqual(all.length + 4 * (notes.length + 1));
          }
        },
      );

      test('getMany takes the primary index for keys of one and of many beginnings, and reads what it returns', async context => {
        needs(context, engine, 'explain');
        const { db, collection } = await filled();
        const ids = Array.from({ length: 90 }, (_, i) => `${i}`);
        const shared = ids.map(id => ['s', id]);
        const mixed = ids.map((id, i) => [i % 2 ? 's' : `s${i}`, id]);
        for (const keys of [shared, mixed]) {
          let found = 0;
          const notes = await profile(db, async () => {
            found = (await collection.getMany(keys)).filter(thing => thing !== undefined).length;
          });
          expect(found).toBe(keys === shared ? 60 : 30);
          expect(notes).toHaveLength(1);
          expect(notes[0]?.planSummary).toMatch(/^IXSCAN \{ space: 1, id: 1 \}/);
          expect(notes[0]?.planSummary).not.toContain('COLLSCAN');
          expect(Number(notes[0]?.docsExamined)).toBe(found);
        }
      });

      test('getMany takes the unique index that it is given', async context => {
        needs(context, engine, 'explain');
        const { db, collection } = await filled();
        const emails = Array.from({ length: 90 }, (_, i) => [`${i}`]);
        const notes = await profile(db, () => collection.getMany(emails, 'email'));
        expect(notes.map(({ planSummary, docsExamined }) => [planSummary, Number(docsExamined)])).toEqual([
          ['IXSCAN { email: 1 }', 40],
        ]);
      });

      test('documents that are asked for together are read by one index, and no others are', async context => {
        needs(context, engine, 'explain');
        const { db, collection } = await filled();
        const numbers = Array.from({ length: 90 }, (_, i) => i);
        const reads = [
          { read: (i: number) => collection.get(['s', `${i}`]), index: 'space: 1, id: 1', found: 60 },
          { read: (i: number) => collection.get([i % 2 ? 's' : `s${i}`, `${i}`]), index: 'space: 1, id: 1', found: 30 },
          { read: (i: number) => collection.find('email', [`${i}`]), index: 'email: 1', found: 40 },
        ];
        for (const { read, index, found } of reads) {
          let docs: unknown[] = [];
          const notes = await profile(db, async () => {
            docs = await Promise.all(numbers.map(read));
          });
          expect(docs.filter(doc => doc !== undefined)).toHaveLength(found);
          expect(notes).toHaveLength(1);
          expect(notes[0]?.planSummary).toContain(`IXSCAN { ${index} }`);
          expect(notes[0]?.planSummary).not.toContain('COLLSCAN');
          expect(Number(notes[0]?.docsExamined)).toBe(found);
        }
      });

      test('counts and removals take the index, and a covered scan reads no document', async context => {
        needs(context, engine, 'explain');
        const { db, collection } = await filled();
        for (const range of ranges) {
          const notes = await profile(db, async () => {
            await collection.count(range);
            await collection.deleteMany({ ...range, prefix: ['nobody'] });
          });
          for (const note of notes) expect(note.planSummary).toMatch(/IXSCAN|COUNT_SCAN|EOF/);
        }
        const scan = { index: 'rank', prefix: ['s'], from: 2, covered: true };
        const [note] = await profile(db, () => collection.scan({ ...scan, limit: 100 }));
        expect(Number(note?.docsExamined)).toBe(0);
      });
    });
  },
  ['mongodb'],
);
