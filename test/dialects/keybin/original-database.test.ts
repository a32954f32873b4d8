import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { collections } from '../../../src/app.ts';
import { forEachEngine } from '../../support/engines.ts';
import { accountOf, newToken } from './open-keybin.ts';
import { originalDatabase, originalUser, serve } from './open-original.ts';

forEachEngine(
  "the original's database",
  engine => {
    test('opens as it is: its users log in, read, write and list what they had', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      const other = await originalUser(db, 'bob', 's3cret');
      await db.collection('store').insertMany([
        { key: 'b', value: 'of ann', user_id },
        { key: 'a', value: { x: 1 }, user_id },
        { key: 'b', value: 'of bob', user_id: other },
      ]);
      const server = await serve(opened);
      const path = `/user/${await newToken(server, { username: 'ann', password: 's3cret' })}`;
      expect((await server.request('GET', `${path}/keys`)).json).toEqual({ keys: ['a', 'b'] });
      expect((await server.request('GET', `${path}/store/b`)).json).toEqual({ value: 'of ann' });
      expect((await server.request('POST', `${path}/store/b`, { value: 'new' })).status).toBe(200);
      expect((await server.request('POST', `${path}/store/c`, { value: 'more' })).status).toBe(200);
      expect((await server.request('GET', `${path}/store/b`)).json).toEqual({ value: 'new' });
      expect((await server.request('DELETE', `${path}/store/a`)).status).toBe(200);
      expect((await server.request('GET', `${path}/keys`)).json).toEqual({ keys: ['b', 'c'] });
      expect((await accountOf({ server }, 'ann')).user_id).toBe(user_id);
      const bob = `/user/${await newToken(server, { username: 'bob', password: 's3cret' })}`;
      expect((await server.request('GET', `${bob}/store/b`)).json).toEqual({ value: 'of bob' });
      expect((await server.request('POST', '/register', { username: 'ann', password: 'x' })).status).toBe(409);
    });

    test('keeps its names of collections', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret', 'people');
      await db.collection('pairs').insertOne({ key: 'a', value: 'kept', user_id });
      await db
        .collection('tickets')
        .insertOne({ token: randomUUID(), user_id, created_at: new Date(), client_id: 'x' });
      const options = {
        STORE_USERS_COLLECTION: 'people',
        STORE_STORE_COLLECTION: 'pairs',
        STORE_TOKEN_COLLECTION: 'tickets',
      };
      const server = await serve(opened, options);
      const token = await newToken(server, { username: 'ann', password: 's3cret' });
      expect((await server.request('GET', `/user/${token}/store/a`)).json).toEqual({ value: 'kept' });
      const names = (await db.listCollections().toArray()).map(({ name }) => name);
      for (const name of ['users', 'store', 'tokens']) expect(names).not.toContain(name);
      expect(await db.collection('tickets').countDocuments()).toBe(1);
    });

    test('may hold a key that the original let through by mistake', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      await db.collection('store').insertMany([
        { key: 'a', value: 1, user_id },
        { key: 'a\n', value: 2, user_id },
      ]);
      const server = await serve(opened);
      const token = await newToken(server, { username: 'ann', password: 's3cret' });
      expect((await server.request('GET', `/user/${token}/store/a`)).json).toEqual({ value: 1 });
      expect((await server.request('GET', `/user/${token}/store/a%0A`)).status).toBe(400);
      expect((await server.request('GET', `/user/${token}/keys`)).status).toBe(200);
      expect((await server.request('GET', `/user/${token}/keys?limit=1`)).json.keys).toEqual(['a']);
    });

    test('loses its tokens, which lie there in plain, and the index that would delete ours', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      const tokens = db.collection('tokens');
      await tokens.createIndex({ created_at: 1 }, { expireAfterSeconds: 300 });
      const plain = randomUUID();
      await tokens.insertMany([
        { token: plain, user_id, created_at: new Date(), client_id: 'default' },
        { token: randomUUID(), user_id, created_at: new Date(), client_id: null },
        { token: randomUUID(), user_id, created_at: new Date(), client_id: 'default' },
      ]);
      const server = await serve(opened);
      expect(await tokens.countDocuments()).toBe(0);
      expect((await server.request('GET', `/user/${plain}/keys`)).status).toBe(403);
      const indexes = await tokens.indexes();
      expect(indexes.filter(({ key }) => 'created_at' in key)).toEqual([]);
      expect(indexes).toContainEqual(expect.objectContaining({ key: { expires_at: 1 }, expireAfterSeconds: 0 }));

      const token = await newToken(server, { username: 'ann', password: 's3cret' }, 'default');
      await serve(opened);
      expect((await server.request('GET', `/user/${token}/keys`)).status).toBe(200);
      expect(JSON.stringify(await tokens.find().toArray())).not.toContain(token);
    });

    test('gets documents of ours with the same fields and more beside them', async () => {
      const { opened, db } = await originalDatabase(engine);
      const server = await serve(opened);
      const login = { username: 'new', password: 's3cret' };
      await server.request('POST', '/register', login);
      const path = `/user/${await newToken(server, login, 'laptop')}`;
      for (const [key, value] of Object.entries({ text: '{}', json: {} })) {
        await server.request('POST', `${path}/store/${key}`, { value });
      }
      const user = await db.collection('users').findOne({ username: 'new' });
      expect(user).toMatchObject({ user_id: expect.any(String), password: expect.stringMatching(/^\$2b\$/) });
      const entry = {
        user_id: user?.user_id,
        etag: expect.any(String),
        created_at: expect.any(Date),
        updated_at: expect.any(Date),
      };
      const text = await db.collection('store').findOne({ key: 'text' });
      expect(text).toMatchObject({ ...entry, key: 'text', value: '{}', size: 2 });
      expect(text).not.toHaveProperty('encoding');
      expect(await db.collection('store').findOne({ key: 'json' })).toMatchObject({
        ...entry,
        value: '{}',
        encoding: 'json',
      });
      expect(await db.collection('tokens').findOne()).toMatchObject({
        user_id: user?.user_id,
        slot: 'c:laptop',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    test('is erased with its user', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      await originalUser(db, 'bob', 's3cret');
      await db.collection('store').insertMany(['a', 'b', 'c'].map(key => ({ key, value: [key], user_id })));
      const server = await serve(opened);
      expect((await server.request('DELETE', '/unregister', { username: 'ann', password: 's3cret' })).status).toBe(200);
      expect(await db.collection('store').countDocuments()).toBe(0);
      expect(await db.collection('users').countDocuments({ username: 'ann' })).toBe(0);
      await newToken(server, { username: 'bob', password: 's3cret' });
    });

    test.each([
      [
        'users',
        'username',
        [
          { user_id: '1', username: 'ann' },
          { user_id: '2', username: 'ann' },
          { user_id: '3', username: 'bob' },
        ],
      ],
      [
        'users',
        'user_id',
        [
          { user_id: '1', username: 'ann' },
          { user_id: '1', username: 'bob' },
        ],
      ],
      [
        'store',
        'key',
        [
          { user_id: '1', key: 'a', value: 1 },
          { user_id: '1', key: 'a', value: 2 },
          { user_id: '2', key: 'a', value: 3 },
        ],
      ],
    ] as const)(
      'with duplicates in %s (%s) stops the start, names them and changes nothing',
      async (name, field, documents) => {
        const { opened, db } = await originalDatabase(engine);
        await db.collection(name).insertMany(documents.map(document => ({ ...document })));
        await db.collection('tokens').createIndex({ created_at: 1 }, { expireAfterSeconds: 300 });
        await db
          .collection('tokens')
          .insertOne({ token: 'plain', user_id: '1', created_at: new Date(), client_id: 'x' });
        const before = await everything(db);
        const { ready } = await opened.start({ specs: collections });
        await expect(ready).rejects.toMatchObject({ name: 'StartupError' });
        const { message } = await ready.catch(error => error);
        expect(message).toContain(`"${name}"`);
        expect(message).toContain(field);
        expect(message).toMatch(/\b1 value/);
        expect(await everything(db)).toEqual(before);
      },
    );
  },
  ['mongodb'],
);

/** Documents and indexes of all collections. */
async function everything(db: Db): Promise<object> {
  const result: Record<string, object> = {};
  for (const { name } of await db.listCollections().toArray()) {
    result[name] = {
      documents: await db.collection(name).find().toArray(),
      indexes: await db.collection(name).indexes(),
    };
  }
  return result;
}
