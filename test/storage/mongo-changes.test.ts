/** What MongoDB's change streams are made into, by a cluster that is played here: no server of the tests has them. */

import { Long, MongoServerError, Timestamp } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { MongoChanges } from '../../src/storage/mongo/changes/changes.ts';
import type { Position } from '../../src/storage/mongo/changes/position.ts';
import { type Change, pipelineOf, type Source, type Stream } from '../../src/storage/mongo/changes/source.ts';
import type { Table } from '../../src/storage/mongo/table.ts';

const spec = { key: ['tree', 'id'], owner: 'tree', told: { stamp: 'stamp', fields: ['note'] } };
const tables = ['leaves', 'fallen'].map(
  name => ({ spec: { ...spec, name, expires: 'ends_at' }, rows: { collectionName: `my_${name}` } }) as unknown as Table,
);

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A cluster with an oplog, whose streams end and fail as they are told. */
function cluster() {
  const oplog: (Change & { time: number })[] = [];
  const streams = new Set<Played>();
  const state = { time: 100, opened: 0, oldest: 0, failure: undefined as Error | undefined };
  const timestamp = (time: number) => new Timestamp({ t: time, i: 1 });
  const tokenOf = (time: number) => `82${time.toString(16).padStart(8, '0')}00000001${'2B'}`.toUpperCase();

  class Played implements Stream {
    at: number;
    readonly owner: string | undefined;
    #fail: ((error: Error) => void) | undefined;
    #wake: (() => void) | undefined;
    closed = false;
    constructor({ time, token }: Position, owner?: string) {
      this.at = token === undefined ? time.high - 1 : Number.parseInt(token.slice(2, 10), 16);
      this.owner = owner;
      if (state.failure) throw state.failure;
    }
    get resumeToken() {
      return { _data: tokenOf(this.at) };
    }
    #found(): Change | undefined {
      if (this.at < state.oldest) throw new MongoServerError({ message: 'history lost', code: 286 });
      const next = oplog.find(
        ({ time, fullDocument }) => time > this.at && (!this.owner || fullDocument?.tree === this.owner),
      );
      if (next) this.at = next.time;
      return next;
    }
    async tryNext() {
      await new Promise(setImmediate);
      const found = this.#found() ?? null;
      if (found === null) this.at = Math.max(this.at, state.time);
      return found;
    }
    async next(): Promise<Change> {
      for (;;) {
        if (this.closed) throw new Error('closed');
        const found = this.#found();
        if (found) return found;
        await new Promise<void>((resolve, reject) => {
          this.#wake = resolve;
          this.#fail = reject;
        });
      }
    }
    wake() {
      this.#wake?.();
    }
    fail(error: Error) {
      this.#fail?.(error);
    }
    async close() {
      this.closed = true;
      streams.delete(this);
      this.#fail?.(new Error('closed'));
    }
  }

  const source: Source = {
    tables,
    now: async () => timestamp(state.time),
    open(from, owner) {
      const stream = new Played(from, owner);
      state.opened++;
      streams.add(stream);
      return stream;
    },
  };
  return {
    source,
    state,
    shared: () => [...streams].find(({ owner }) => owner === undefined),
    /** Writes a document; `null`: it was gone when it was looked up. */
    write(coll: string, doc: Record<string, unknown> | null) {
      const time = ++state.time;
      oplog.push({
        time,
        _id: { _data: tokenOf(time) },
        clusterTime: timestamp(time),
        ns: { coll: `my_${coll}` },
        fullDocument: doc,
      });
      for (const stream of streams) stream.wake();
    },
    /** Time goes on, as it does in an idle cluster. */
    pass: (time: number) => {
      state.time += time;
    },
    /** The oplog forgets what is older. */
    forget() {
      state.oldest = state.time - 1;
    },
    failShared(error: Error) {
      this.shared()?.fail(error);
    },
  };
}

function open(played = cluster(), remembered = 100) {
  const changes = new MongoChanges(played.source, { now: () => 0, log: silent, retryMs: 1, remembered });
  onTestFinished(() => changes.close());
  const idsSince = async (position: string, woken?: 'woken') => {
    const page = await changes.since('t', position, 100, woken);
    return { ids: page.items.map(({ doc }) => doc.id), position: page.position };
  };
  return { changes, played, idsSince };
}

const leaf = (id: string, tree = 't') => ({ tree, id, note: `${id}!` });

describe('changes of MongoDB', () => {
  test('are those behind a position, of one owner, of both collections, as documents of the port', async () => {
    const { changes, played, idsSince } = open();
    played.write('leaves', leaf('before'));
    const start = await changes.position();
    played.write('leaves', leaf('a'));
    played.write('leaves', leaf('x', 'other'));
    played.write('fallen', leaf('b'));
    played.write('leaves', { ...leaf('long'), note: Long.fromBigInt(2n ** 60n) });
    const { items, position, more } = await changes.since('t', start, 100);
    // A position is before all of its time: what was written at that moment is told again.
    expect(items.map(({ name, doc }) => [name, doc.id, doc.note])).toEqual([
      ['leaves', 'before', 'before!'],
      ['leaves', 'a', 'a!'],
      ['fallen', 'b', 'b!'],
      ['leaves', 'long', 2n ** 60n],
    ]);
    expect(more).toBe(false);
    expect((await idsSince(position)).ids).toEqual([]);
    expect((await idsSince(items[1]?.position ?? '')).ids).toEqual(['b', 'long']);
  });

  test('leave out what was gone when it was looked up, and what has ended', async () => {
    const { changes, played, idsSince } = open();
    const start = await changes.position();
    played.write('leaves', null);
    played.write('leaves', { ...leaf('ended'), ends_at: new Date(-1) });
    played.write('leaves', leaf('a'));
    expect((await idsSince(start)).ids).toEqual(['a']);
  });

  test('come in pages', async () => {
    const { changes, played } = open();
    let at = await changes.position();
    for (let i = 0; i < 7; i++) played.write('leaves', leaf(`${i}`));
    const ids: string[] = [];
    for (let more = true; more; ) {
      const page = await changes.since('t', at, 3);
      ids.push(...page.items.map(({ doc }) => doc.id));
      [at, more] = [page.position, page.more];
    }
    expect(ids).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  });

  test('wake who follows, who then reads what the shared stream has brought', async () => {
    const { changes, played, idsSince } = open();
    const woken = { mine: 0, others: 0 };
    changes.follow('t', () => woken.mine++);
    changes.follow('other', () => woken.others++);
    await expect.poll(() => woken).toEqual({ mine: 1, others: 1 }); // it has begun
    const { position } = await idsSince(await changes.position());
    const { opened } = played.state;
    played.write('leaves', leaf('a'));
    await expect.poll(() => woken).toEqual({ mine: 2, others: 1 });
    expect((await idsSince(position, 'woken')).ids).toEqual(['a']);
    expect(played.state.opened).toBe(opened);
  });

  test('are read by a stream of its own from where the shared one does not reach', async () => {
    const { changes, played, idsSince } = open();
    const start = await changes.position();
    played.write('leaves', leaf('early'));
    played.pass(10);
    let woken = 0;
    changes.follow('t', () => woken++);
    await expect.poll(() => woken).toBe(1);
    expect((await idsSince(start, 'woken')).ids).toEqual(['early']);
  });

  test('go on where they were after a failure, and wake everybody', async () => {
    const { changes, played, idsSince } = open();
    let woken = 0;
    changes.follow('t', () => woken++);
    await expect.poll(() => woken).toBe(1);
    const { position } = await idsSince(await changes.position());
    played.state.failure = new Error('away');
    played.failShared(new Error('the connection broke'));
    played.write('leaves', leaf('meanwhile'));
    await new Promise(setImmediate);
    played.state.failure = undefined;
    await expect.poll(() => woken).toBeGreaterThan(2);
    expect((await idsSince(position, 'woken')).ids).toEqual(['meanwhile']);
  });

  test('are gone where the oplog has forgotten them, and go on at the present', async () => {
    const { changes, played, idsSince } = open();
    let woken = 0;
    changes.follow('t', () => woken++);
    await expect.poll(() => woken).toBe(1);
    const old = await changes.position();
    played.pass(100);
    played.forget();
    played.failShared(new MongoServerError({ message: 'history lost', code: 286 }));
    await expect.poll(() => woken).toBe(2);
    await expect(changes.since('t', old, 10)).rejects.toMatchObject({ code: 'cursor_gone' });
    await expect(changes.since('t', old, 10, 'woken')).rejects.toMatchObject({ code: 'cursor_gone' });
    const present = await changes.position();
    played.write('leaves', leaf('a'));
    await expect.poll(() => woken).toBe(3);
    expect((await idsSince(present, 'woken')).ids).toEqual(['a']);
  });

  test('let who hears nothing for long go on before what he missed is forgotten', async () => {
    const { changes, played } = open(cluster(), 8);
    let position = await changes.position();
    let opened = Number.POSITIVE_INFINITY;
    const read = async () => {
      ({ position } = await changes.since('t', position, 100, 'woken'));
    };
    const reads: Promise<void>[] = [];
    changes.follow('t', () => reads.push(read()));
    await expect.poll(() => reads.length).toBe(1);
    await Promise.all(reads);
    opened = played.state.opened;
    for (let i = 0; i < 100; i++) {
      played.write('leaves', leaf(`${i}`, 'other'));
      await new Promise(setImmediate);
      await Promise.all(reads);
    }
    played.write('leaves', leaf('mine'));
    await expect.poll(() => played.shared()?.at).toBe(played.state.time);
    const { items } = await changes.since('t', position, 100, 'woken');
    expect(played.state.opened).toBe(opened);
    expect(items.length).toBeLessThanOrEqual(1);
  });

  test('need no stream while nobody follows', async () => {
    const { changes, played } = open();
    const end = changes.follow('t', () => {});
    await expect.poll(() => played.shared()).toBeDefined();
    end();
    await expect.poll(() => played.shared()).toBeUndefined();
  });

  test.each(['', 'x', '1', '1.x', '1.1.xyz', '99999999999.1', '4294967296.1'])(
    'are refused behind %j',
    async position => {
      await expect(open().changes.since('t', position, 1)).rejects.toMatchObject({ code: 'cursor_invalid' });
    },
  );

  test('are gone behind a time that is not there yet', async () => {
    await expect(open().changes.since('t', '4000000000.1', 1)).rejects.toMatchObject({ code: 'cursor_gone' });
  });

  test('are asked for by owner, without removals and without what nobody is told', () => {
    expect(pipelineOf(tables, 't')).toEqual([
      {
        $match: {
          'ns.coll': { $in: ['my_leaves', 'my_fallen'] },
          operationType: { $in: ['insert', 'update', 'replace'] },
          'fullDocument._placeholder': { $exists: false },
          $or: [{ 'fullDocument.tree': { $eq: 't' } }],
        },
      },
      {
        $project: {
          ...{ ns: 1, clusterTime: 1, 'fullDocument.tree': 1, 'fullDocument.id': 1 },
          ...{ 'fullDocument.note': 1, 'fullDocument.ends_at': 1 },
        },
      },
    ]);
  });
});
