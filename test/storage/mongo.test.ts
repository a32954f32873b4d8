/** What only MongoDB has: the original service's database, several servers, BSON, the way to the server. */

import { randomBytes } from 'node:crypto';
import { Binary, type Db, Decimal128, Long, MongoClient, ObjectId } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StartupError } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import { accountsSpec, coreCollections, entriesSpec, tokensSpec } from '../../src/core/collections.ts';
import { openMongo } from '../../src/storage/mongo/index.ts';
import type { Storage } from '../../src/storage/port.ts';
import { SCHEMA_VERSION } from '../../src/storage/schema.ts';
import { testClock } from '../support/clock.ts';
import { forEachEngine, mongoUri, needs } from '../support/engines.ts';
import { faultProxy } from '../support/fault.ts';
import { once } from './contract/calls.ts';
import { readAll, things } from './contract/things.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const HOUR = 3_600_000;

/** A database of its own, as an operator sees it; it goes when the test is over. */
async function database(): Promise<Db> {
  const client = new MongoClient(mongoUri(), { promoteLongs: false });
  const db = client.db(`keybin_test_${randomBytes(6).toString('hex')}`);
  onTestFinished(async () => {
    await db.dropDatabase();
    await client.close();
  });
  return db;
}

interface Opening {
  host?: string;
  log?: Log;
  now?: number;
}

/** The engine on a database; closed when the test is over. */
function openOn(db: Db, { host = mongoUri(), log = silent, now }: Opening = {}): Storage {
  const options = { host, database: db.databaseName, names: {}, specs: [...coreCollections, things] };
  const storage = openMongo(options, testClock(now), log);
  onTestFinished(() => storage.close());
  return storage;
}

async function opened(db: Db, opening?: Opening): Promise<Storage> {
  const storage = openOn(db, opening);
  await storage.ready;
  return storage;
}

/** Everything in a database: documents and indexes by collection. */
async function contentOf(db: Db) {
  const content: Record<string, unknown> = {};
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    const collection = db.collection(name);
    content[name] = { docs: await collection.find().sort({ _id: 1 }).toArray(), indexes: await collection.indexes() };
  }
  return content;
}

async function indexNames(db: Db, collection: string): Promise<(string | undefined)[]> {
  return (await db.collection(collection).indexes()).map(index => index.name).sort();
}

/** Fills a database as the original service does. */
async function fillAsOriginal(db: Db): Promise<void> {
  await db.collection('users').insertMany([
    { user_id: 'u1', username: 'ann', password: '$2b$12$a' },
    { user_id: 'u2', username: 'bob', password: '$2b$12$b' },
  ]);
  await db.collection('store').insertMany([
    { key: 'a', value: 'text', user_id: 'u1' },
    { key: 'b', value: { deep: [1, null] }, user_id: 'u1' },
    { key: 'a', value: 3, user_id: 'u2' },
  ]);
  await db.collection('tokens').createIndex({ created_at: 1 }, { expireAfterSeconds: 300 });
  const token = { user_id: 'u1', created_at: new Date(), client_id: 'default' };
  await db.collection('tokens').insertMany([
    { ...token, token: '6c1e' },
    { ...token, token: '77ab' },
  ]);
}

forEachEngine(
  'mongodb engine',
  engine => {
    describe('the original service’s database', () => {
      test('opens as it is: accounts and entries stay, plain tokens and the TTL index that would end ours go', async () => {
        const db = await database();
        await fillAsOriginal(db);
        const storage = await opened(db);
        expect(await storage.collection(accountsSpec).find('username', ['bob'])).toEqual({
          user_id: 'u2',
          username: 'bob',
          password: '$2b$12$b',
        });
        expect(await readAll(storage.collection(entriesSpec), { index: 'listing', prefix: ['u1'] })).toEqual([
          { key: 'a', value: 'text', user_id: 'u1' },
          { key: 'b', value: { deep: [1, null] }, user_id: 'u1' },
        ]);
        expect(await db.collection('tokens').countDocuments()).toBe(0);
        expect(await indexNames(db, 'tokens')).toEqual(['_id_', 'expiry', 'hash', 'primary']);
      });

      test('opened again, our tokens and documents stay', async () => {
        const db = await database();
        await fillAsOriginal(db);
        const first = await opened(db);
        const token = { user_id: 'u1', slot: 'c:x', hash: 'h', created_at: new Date(0), expires_at: new Date(8e12) };
        await first.collection(tokensSpec).insert(token);
        await first.close();
        const before = await contentOf(db);
        const second = await opened(db);
        expect(await second.collection(tokensSpec).find('hash', ['h'])).toEqual(token);
        expect(await contentOf(db)).toEqual(before);
      });

      test.each([
        ['users', 'username', { user_id: 'u3', username: 'ann' }, { user_id: 'u4', username: 'ann' }],
        ['users', 'user_id', { user_id: 'u2', username: 'eve' }, { user_id: 'u2', username: 'flo' }],
        ['store', 'user_id + key', { user_id: 'u2', key: 'a', value: '' }, { user_id: 'u2', key: 'c' }],
      ])(
        'duplicates in %s (%s) stop the start with a message, and nothing is changed',
        async (name, fields, one, two) => {
          const db = await database();
          await fillAsOriginal(db);
          await db.collection(name).insertMany([one, two]);
          const before = await contentOf(db);
          const error = await openOn(db).ready.catch(e => e);
          expect(error).toBeInstanceOf(StartupError);
          expect(error.message).toContain(`"${name}", ${fields}: 1 value`);
          expect(await contentOf(db)).toEqual(before);
        },
      );

      test('values of every BSON type are read', async () => {
        const db = await database();
        const id = new ObjectId();
        const value = {
          date: new Date(5),
          nothing: null,
          long: Long.fromString('9007199254740993'),
          list: [id, { id }],
          bytes: new Binary(Buffer.from([1, 2, 3])),
          __proto: 1,
        };
        await db.collection('store').insertMany([
          { user_id: 'u', key: 'document', value },
          { user_id: 'u', key: 'bytes', value: new Binary(Buffer.from([0, 255])) },
          { user_id: 'u', key: 'long', value: Long.fromNumber(7) },
          { user_id: 'u', key: 'nothing', value: null },
        ]);
        const entries = (await opened(db)).collection(entriesSpec);
        expect((await entries.get(['u', 'document']))?.value).toEqual({
          date: new Date(5),
          nothing: null,
          long: 9007199254740993n,
          list: [id.toHexString(), { id: id.toHexString() }],
          bytes: new Uint8Array([1, 2, 3]),
          __proto: 1,
        });
        const bytes = (await entries.get(['u', 'bytes']))?.value;
        expect(bytes).toStrictEqual(new Uint8Array([0, 255]));
        expect((await entries.get(['u', 'long']))?.value).toBe(7);
        expect((await entries.get(['u', 'nothing']))?.value).toBeNull();
      });

      test('a decimal of the original is read as text', async context => {
        const db = await database();
        const entry = { user_id: 'u', key: 'decimal', value: Decimal128.fromString('1.10') };
        const { acknowledged } = await db
          .collection('store')
          .insertOne(entry)
          .catch(() => ({ acknowledged: false }));
        if (!acknowledged) context.skip('this MongoDB server has no Decimal128');
        expect((await (await opened(db)).collection(entriesSpec).get(['u', 'decimal']))?.value).toBe('1.10');
      });
    });

    describe('preparation', () => {
      test.each([
        [SCHEMA_VERSION + 1, 'newer version'],
        [SCHEMA_VERSION - 1, 'older version'],
      ])('data of schema %i stops the start, and nothing is changed', async (version, message) => {
        const db = await database();
        await fillAsOriginal(db);
        await db.collection<{ _id: string }>('keybin_meta').insertOne({ _id: 'schema', version } as never);
        const before = await contentOf(db);
        const error = await openOn(db).ready.catch(e => e);
        expect(error).toBeInstanceOf(StartupError);
        expect(error.message).toContain(message);
        expect(await contentOf(db)).toEqual(before);
      });

      test('several servers may prepare one database at once', async () => {
        const db = await database();
        await fillAsOriginal(db);
        const storages = await Promise.all(Array.from({ length: 4 }, () => opened(db)));
        for (const storage of storages) expect(await storage.collection(accountsSpec).count({})).toBe(2);
        expect(await indexNames(db, 'store')).toEqual(['_id_', 'expiry', 'listing', 'primary']);
      });

      test('an index of the operator’s own stays; one of ours that was changed is built anew', async () => {
        const db = await database();
        await db.collection('store').createIndex({ size: 1 }, { name: 'mine' });
        await db.collection('store').createIndex({ key: 1 }, { name: 'listing' });
        await opened(db);
        expect(await indexNames(db, 'store')).toEqual(['_id_', 'expiry', 'listing', 'mine', 'primary']);
        const listing = (await db.collection('store').indexes()).find(index => index.name === 'listing');
        expect(Object.keys(listing?.key ?? {})).toEqual([
          'user_id',
          'key',
          ...['size', 'etag', 'content_type', 'encoding', 'blob', 'updated_at'],
          'expires_at',
        ]);
      });

      test('an index of the operator’s own that is in the way of one of ours stops the start with its name', async () => {
        const db = await database();
        await db.collection('users').createIndex({ user_id: 1 }, { name: 'by_hand', unique: true });
        const error = await openOn(db).ready.catch(e => e);
        expect(error).toBeInstanceOf(StartupError);
        expect(error.message).toContain('users');
      });

      test('the server removes what has expired', { timeout: 120_000 }, async context => {
        needs(context, engine, 'ttl');
        const db = await database();
        const storage = await opened(db, { now: Date.now() - 2 * HOUR });
        const ends_at = new Date(Date.now() - HOUR);
        await storage.collection(things).insert({ space: 's', id: 'a', ends_at });
        await storage.collection(things).insert({ space: 's', id: 'b' });
        await expect.poll(() => db.collection('things').countDocuments(), { timeout: 110_000 }).toBe(1);
      });
    });

    describe('address', () => {
      test.each([
        'mongodb://ann:s3cret@host:99999999/',
        'mongodb://ann:s3c@ret@host/',
        'mongodb://ann:s3cret@/',
        'mongodb://ann:s3cret@host/?nonsense=1',
        'http://ann:s3cret@host/',
      ])('a malformed one (%s) is a StartupError that shows no credentials', async host => {
        const storage = openMongo({ host, database: 'd', names: {}, specs: coreCollections }, testClock(), silent);
        const error = await storage.ready.catch(e => e);
        expect(error).toBeInstanceOf(StartupError);
        expect(`${error.stack} ${error.cause} ${storage.description}`).not.toMatch(/s3c|ret@|ann/);
        await expect(storage.collection(accountsSpec).get(['a'])).rejects.toMatchObject({
          code: 'storage_unavailable',
        });
        await storage.close();
      });

      test('the description names the servers and the database, not the account', async () => {
        const db = await database();
        const storage = await opened(db);
        expect(storage.description).toMatch(
          new RegExp(`^MongoDB \\S+:\\d+/${db.databaseName} \\((replica set|sharded|standalone)`),
        );
        const host = 'mongodb://ann:s3cret@one:1,two:2/?replicaSet=rs0';
        const other = openMongo({ host, database: 'd', names: {}, specs: [] }, testClock(), silent);
        expect(other.description).toBe('MongoDB one:1,two:2/d');
        await other.close();
      });

      test('a server that is down at start is waited for, with one line in the log and one when it is there', async () => {
        const db = await database();
        const proxy = await faultProxy(mongoUri());
        onTestFinished(() => proxy.close());
        proxy.refuse();
        const lines: string[] = [];
        const write = (_: object, message: string) => lines.push(message);
        const log = { ...silent, info: write, warn: write };
        const storage = openOn(db, { host: proxy.uri, log });
        await expect.poll(() => lines.length, { timeout: 5000 }).toBe(1);
        proxy.restore();
        await storage.ready;
        expect(lines.filter(line => line.includes('cannot be reached'))).toHaveLength(1);
        expect(lines.filter(line => line.includes('answers again'))).toHaveLength(1);
      });

      test('close ends the waiting for a server that is down', async () => {
        const db = await database();
        const storage = openOn(db, { host: 'mongodb://127.0.0.1:9/' });
        await storage.close();
        await expect(storage.ready).rejects.toMatchObject({ code: 'storage_unavailable' });
      });
    });

    describe('what is stored', () => {
      test('the guard that a commit leaves on a document it relied on is seen by nobody', async () => {
        const storage = await opened(await database());
        const collection = storage.collection(things);
        const thing = { space: 's', id: 'a', rank: 1, email: 'e' };
        await collection.insert(thing);
        await storage.commit([
          { in: things, require: ['s', 'a'], expect: { rank: 1 } },
          { in: things, insert: { space: 's', id: 'b' } },
        ]);
        expect(await collection.get(['s', 'a'])).toStrictEqual(thing);
        expect(await collection.find('email', ['e'])).toStrictEqual(thing);
        expect((await collection.scan({ limit: 1 })).items).toStrictEqual([thing]);
        expect(await collection.update(['s', 'a'], { set: { rank: 1 } })).toStrictEqual(thing);
      });

      test('an operator given as a value is compared, not run', async () => {
        const collection = (await opened(await database())).collection(things);
        await collection.insert({ space: 's', id: 'a', note: 'n' });
        const operator = { $gt: '' } as never;
        await expect(collection.get(['s', operator])).rejects.toMatchObject({ code: 'index_value_invalid' });
        expect(await collection.update(['s', 'a'], { set: { rank: 1 } }, { note: operator })).toBeUndefined();
        expect(await collection.delete(['s', 'a'], { note: operator })).toBe(false);
      });

      test('a document over 16 MiB is refused', async () => {
        const collection = (await opened(await database())).collection(things);
        const note = 'x'.repeat(17 * 1024 * 1024);
        await expect(collection.put({ space: 's', id: 'a', note })).rejects.toMatchObject({
          code: 'request_too_large',
        });
      });

      test.each([16.5, 17])(
        'one of %d MiB among the inserts of a commit is refused, and nothing is applied',
        async size => {
          const storage = await opened(await database());
          const note = 'x'.repeat(size * 1024 * 1024);
          const writes = [
            { in: things, insert: { space: 's', id: 'a' } },
            { in: things, insert: { space: 's', id: 'b', note } },
          ];
          await expect(storage.commit(writes)).rejects.toMatchObject({ code: 'request_too_large' });
          expect(await readAll(storage.collection(things))).toEqual([]);
        },
      );

      test('a secret that was damaged is refused, and stays as it is', async () => {
        const db = await database();
        const storage = await opened(db);
        await storage.secret('sessions');
        const secrets = db.collection<{ _id: string; value: string }>('keybin_secrets');
        await secrets.updateOne({ _id: 'sessions' }, { $set: { value: 'short' } });
        const error = await storage.secret('sessions').catch(e => e);
        expect(error).toMatchObject({ code: 'storage_unavailable' });
        expect(error.message).toContain('"sessions" in MongoDB collection "keybin_secrets" is damaged');
        expect(await secrets.findOne()).toEqual({ _id: 'sessions', value: 'short' });
      });

      test('the size is that of documents and indexes on the disk', { timeout: 120_000 }, async () => {
        const db = await database();
        const storage = await opened(db);
        // A server writes its files once a minute, or when it is told to; those that do not know the command do so at once.
        const size = async () => {
          await db
            .admin()
            .command({ fsync: 1 })
            .catch(() => {});
          return storage.size();
        };
        const before = await size();
        const inserts = Array.from({ length: 2000 }, (_, i) => ({
          in: things,
          insert: { space: 's', id: `${i}`, note: randomBytes(1000).toString('base64') },
        }));
        await storage.commit(inserts);
        await expect.poll(size, { timeout: 90_000, interval: 500 }).toBeGreaterThan(before + 1_500_000);
        const grown = await size();
        await storage.blobs.put(once(randomBytes(3_000_000)), 1e9);
        expect((await size()) - grown).toBeLessThan(1_000_000);
      });

      test('a failed upload leaves nothing, and one that died is removed a day later', async () => {
        const db = await database();
        const now = Date.UTC(2100, 0, 1);
        const storage = await opened(db, { now });
        const content = async function* () {
          yield new Uint8Array(600_000);
          throw new Error('the client is gone');
        };
        await expect(storage.blobs.put(content(), 1e9)).rejects.toThrow('the client is gone');
        const counts = () =>
          Promise.all(
            ['blobs.files', 'blobs.chunks', 'keybin_blobs_pending'].map(name => db.collection(name).countDocuments()),
          );
        expect(await counts()).toEqual([0, 0, 0]);
        await db.collection('keybin_blobs_pending').insertOne({ at: new Date(now) });
        const [died] = await db.collection('keybin_blobs_pending').find().toArray();
        await db.collection('blobs.chunks').insertOne({ files_id: died?._id, n: 0, data: new Binary(Buffer.alloc(9)) });
        await opened(db, { now: now + 23 * HOUR });
        expect(await counts()).toEqual([0, 1, 1]);
        await opened(db, { now: now + 25 * HOUR });
        expect(await counts()).toEqual([0, 0, 0]);
      });
    });
  },
  ['mongodb'],
);
