import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { expect } from 'vitest';
import { type Engine, forEachEngine, mongoUri } from '../../support/engines.ts';
import { eventually, type Program, test } from '../../support/process.ts';

/** Arguments that name another place than the data of the server: on the engine. */
function target(program: Program, engine: Engine): { to: string[]; from: string[]; settings: Record<string, string> } {
  if (engine.name === 'embedded') {
    const host = `file:${join(program.folder, 'target')}`;
    return { to: ['--to', host], from: ['--from', host], settings: { STORE_HOST: host } };
  }
  const [host, database] = [mongoUri(), program.database()];
  return {
    to: ['--to', host, '--to-database', database],
    from: ['--from', host, '--from-database', database],
    settings: { STORE_HOST: host, STORE_DATABASE: database },
  };
}

forEachEngine('migrate, from the embedded engine', engine => {
  test('takes all of it along, killed or not, and back again', async ({ program }) => {
    const config = join(program.folder, 'store.cfg');
    await writeFile(config, '[APP]\nread_only=false\n');
    const server = await program.start();
    await server.register('ann');
    const token = await server.token('ann');
    const headers = { Authorization: `Bearer ${token}` };
    const long = 'long '.repeat(300_000);
    expect((await server.request('PUT', '/v2/kv/long', long, headers)).status).toBe(201);
    for (let i = 0; i < 20; i++) await server.request('POST', `/user/${token}/store/k${i}`, { value: [i, null, 'ü'] });

    await writeFile(config, '[APP]\nread_only=true\n');
    server.signal('SIGHUP');
    await server.logged(/configuration read again/);
    const refused = await server.request('POST', `/user/${token}/store/k`, { value: 1 });
    expect([refused.status, refused.json.code]).toEqual([503, 'read_only']);

    const other = target(program, engine);
    const looked = await program.run(['migrate', ...other.to, '--dry-run', '--json']);
    expect([looked.code, looked.stderr]).toEqual([0, expect.stringContaining('nothing was copied')]);
    if (engine.name === 'embedded') {
      const killed = program.spawn({ args: ['migrate', ...other.to] });
      await eventually(async () => existsSync(join(program.folder, 'target')), Boolean);
      killed.signal('SIGKILL');
      await killed.end();
    }
    const moved = await program.run(['migrate', ...other.to, '--json']);
    expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining('both hold the same')]);
    expect(JSON.parse(moved.stdout)).toEqual(JSON.parse(looked.stdout));
    const there = await program.start({ settings: { ...other.settings, APP_READ_ONLY: 'false' } });
    expect((await there.request('GET', '/v2/kv/long', undefined, headers)).text).toBe(long);
    expect((await there.request('GET', `/user/${token}/store/k7`)).text).toBe('{"value":[7,null,"ü"]}');
    await there.stop();
    await server.stop();

    const back = ['--to', `file:${join(program.folder, 'back')}`];
    const again = await program.run(['migrate', ...other.from, ...back, '--json']);
    expect(again.code).toBe(0);
    type Row = { collection: string; sha256: string };
    const sums = (text: string) => (JSON.parse(text) as Row[]).filter(({ collection }) => collection === 'store');
    expect(sums(again.stdout)).toEqual(sums(looked.stdout));
  });
});

forEachEngine('migrate, from the database of the original', () => {
  test('takes accounts and values along, and leaves tokens and the source alone', async ({ program }) => {
    const database = program.database();
    const client = new MongoClient(mongoUri());
    program.atEnd(() => client.close());
    const db = client.db(database);
    await db.collection('users').insertOne({ user_id: 'a', username: 'ann', password: '$2b$04$x' });
    await db.collection('store').insertMany([
      { user_id: 'a', key: 'greeting', value: 'hello' },
      { user_id: 'a', key: 'list', value: [1, { a: null }] },
    ]);
    await db.collection('tokens').insertOne({ token: 't', user_id: 'a', client_id: 'c', created_at: new Date() });
    const args = ['migrate', '--from', mongoUri(), '--from-database', database, '--to', 'file:./target', '--json'];
    const moved = await program.run(args);
    expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining('1 documents of tokens have no key')]);
    expect(JSON.parse(moved.stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ collection: 'users', documents: 1 }),
        expect.objectContaining({ collection: 'store', documents: 2 }),
        expect.objectContaining({ collection: 'tokens', documents: 0 }),
      ]),
    );
    expect(await db.collection('tokens').countDocuments()).toBe(1);

    await db.collection('store').insertOne({ user_id: 'a', key: 'list', value: 'twice' });
    const twice = await program.run([...args.slice(0, 5), '--to', 'file:./other']);
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringContaining('store has two documents with the same user_id, key'),
    ]);
  });
}, ['mongodb']);
