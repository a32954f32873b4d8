import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { MongoClient, ObjectId } from 'mongodb';
import { expect } from 'vitest';
import { forEachEngine, mongoUri } from '../support/engines.ts';
import { test } from '../support/process.ts';

/** As the original ships it; only the port, the server and the database are those of this test. */
function storeCfg(uri: string, database: string): string {
  return `[APP]
host=127.0.0.1
port=0
debug=False

[STORE]
host=${uri.replaceAll('%', '%%')}
database=${database}
store_collection=store
users_collection=users
token_collection=tokens
token_expiration=300
`;
}

forEachEngine('the configuration file and the database of the original', () => {
  test('work as they are: its users log in and read their keys', async ({ program }) => {
    const database = program.database();
    const client = new MongoClient(mongoUri());
    const db = client.db(database);
    const user_id = '3f0c6f5e-8f5b-4f7a-9a4e-0f3d1c2b4a59';
    const old = { token: '5c1f1f0e-5a53-4a0f-9e5b-0a6a3f1f7d11', user_id, client_id: 'default' };
    await db.collection('users').insertOne({
      _id: new ObjectId(),
      user_id,
      username: 'ann',
      password: (await hash('s3cret', 4)).replace(/^\$2a\$/, '$2b$'),
    });
    await db.collection('store').insertMany([
      { user_id, key: 'greeting', value: 'hello' },
      { user_id, key: 'list', value: [1, { a: null }] },
    ]);
    await db.collection('tokens').insertOne({ ...old, created_at: new Date() });
    await db.collection('tokens').createIndex({ created_at: 1 }, { expireAfterSeconds: 300 });
    await writeFile(join(program.folder, 'store.cfg'), storeCfg(mongoUri(), database));

    const server = await program.start({ bare: true });
    const warnings = server.log.filter(line => line.level >= 40).map(line => line.msg);
    expect(warnings.filter(msg => !msg.includes('[SIMPLE_SYNC] jwt_secret'))).toEqual([]);
    expect((await server.request('GET', `/user/${old.token}/keys`)).status).toBe(403);
    const token = await server.token('ann');
    expect((await server.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: ['greeting', 'list'] });
    expect((await server.request('GET', `/user/${token}/store/greeting`)).text).toBe('{"value":"hello"}');
    expect((await server.request('GET', `/user/${token}/store/list`)).json).toEqual({ value: [1, { a: null }] });
    const own = await server.request('POST', `/user/${token}/store/own`, { value: 'ours' });
    expect(own.json).toEqual({ result: 'ok' });
    expect((await server.request('GET', `/user/${token}/store/own`)).text).toBe('{"value":"ours"}');

    const tokens = await db.collection('tokens').find().toArray();
    expect(tokens.map(doc => Object.keys(doc).includes('token'))).toEqual([false]);
    const indexes = await db.collection('tokens').indexes();
    expect(indexes.filter(index => index.expireAfterSeconds && 'created_at' in index.key)).toEqual([]);
    await client.close();
  });
}, ['mongodb']);
