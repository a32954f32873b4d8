import { expect, it } from 'vitest';
import { ConditionError, Keybin, KeybinError } from '../../src/client/index.ts';
import { can, forEachEngine, needs } from '../support/engines.ts';
import { prefixProxy } from '../support/prefix-proxy.ts';
import { newName, sharedServer } from '../support/served.ts';
import { newClient } from './clients.ts';

const failure = (work: Promise<unknown>): Promise<KeybinError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    error => (error instanceof KeybinError ? error : Promise.reject(error)),
  );

forEachEngine('the client library', engine => {
  const served = sharedServer(engine);

  it('gives back what was stored: texts, bytes, JSON, blobs and streams, with their types and metadata', async () => {
    const keybin = await newClient(served.server);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
    const stream = new Blob([bytes]).stream();
    const stored = await keybin.set('notes/a', 'grün', { ttl: 60, meta: { Colour: 'red' } });
    expect(stored).toMatchObject({ key: 'notes/a', created: true, etag: expect.stringMatching(/^".+"$/) });
    const value = await keybin.get('notes/a');
    expect([value?.contentType, value?.size, value?.etag]).toEqual(['text/plain; charset=utf-8', 5, stored.etag]);
    expect([value?.meta, value?.expiresAt, stored.expiresAt?.getTime()]).toEqual([
      { colour: 'red' },
      stored.expiresAt,
      served.server.clock.now() + 60_000,
    ]);
    expect(await value?.text()).toBe('grün');

    for (const [given, type] of [
      [bytes, 'application/octet-stream'],
      [bytes.buffer, 'application/octet-stream'],
      [new Blob([bytes], { type: 'image/png' }), 'image/png'],
      [stream, 'application/octet-stream'],
    ] as const) {
      await keybin.set('bytes', given);
      const back = await keybin.get('bytes');
      expect([back?.contentType, Buffer.compare((await back?.bytes()) ?? Buffer.of(), bytes)]).toEqual([type, 0]);
    }
    const part = await keybin.get('bytes', { range: { start: 256, end: 258 } });
    expect([part?.size, await part?.bytes()]).toEqual([300_000, Uint8Array.of(0, 1, 2)]);
    expect((await keybin.get('bytes', { range: { start: -2 } }).then(end => end?.bytes()))?.length).toBe(2);
    let length = 0;
    for await (const piece of (await keybin.get('bytes'))?.stream ?? []) length += piece.length;
    expect(length).toBe(300_000);

    const created = await keybin.set('json', { a: [1, null] }, { json: true });
    expect([created.created, (await keybin.set('json', null, { json: true })).created]).toEqual([true, false]);
    expect(await (await keybin.get('json'))?.json()).toBe(null);
    expect((await keybin.info('json'))?.contentType).toBe('application/json');
    expect(await keybin.original.get('json')).toBe(null);
  });

  it('tells what is not there from what is wrong', async () => {
    const keybin = await newClient(served.server);
    expect([await keybin.get('a'), await keybin.info('a'), await keybin.touch('a', 5)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await keybin.delete('a')).toBe(false);
    const lost = new Keybin({ url: `${served.server.url}/elsewhere`, token: 'x' });
    expect(await failure(lost.get('a'))).toMatchObject({ status: 404, code: 'not_found' });
    const stranger = new Keybin({ url: served.server.url, token: `kb_${'A'.repeat(43)}` });
    expect(await failure(stranger.get('a'))).toMatchObject({
      status: 401,
      code: 'unauthorized',
      requestId: expect.stringMatching(/./),
    });
    for (const key of ['', '.', '../tokens', 'a//b', 'a/', 'a?b', 'ä', 'a/./b']) {
      expect(await failure(keybin.delete(key))).toMatchObject({ status: 400, code: 'key_invalid' });
    }
  });

  it('sends conditions, and says what is there when they fail', async () => {
    const keybin = await newClient(served.server);
    const { etag } = await keybin.set('a', '1', { ifAbsent: true });
    const refused = await failure(keybin.set('a', '2', { ifAbsent: true }));
    expect(refused).toBeInstanceOf(ConditionError);
    expect(refused).toMatchObject({ status: 412, currentEtag: etag });
    const unchanged = await keybin.get('a', { ifNoneMatch: etag });
    expect([unchanged?.unchanged, unchanged?.etag, await unchanged?.text()]).toEqual([true, etag, '']);
    const info = await keybin.touch('a', 60, { ifMatch: etag });
    expect(info?.expiresAt).toEqual(new Date(served.server.clock.now() + 60_000));
    expect(await failure(keybin.set('a', '3', { ifMatch: etag }))).toMatchObject({ currentEtag: info?.etag });
    expect(await failure(keybin.delete('a', { ifMatch: etag }))).toBeInstanceOf(ConditionError);
    expect(await keybin.delete('a', { ifMatch: info?.etag })).toBe(true);
    expect(await failure(keybin.set('a', '3', { ifMatch: etag }))).toMatchObject({ currentEtag: undefined });
  });

  it('counts, lists as folders and as all entries, and deletes by prefix', async () => {
    const keybin = await newClient(served.server);
    expect([await keybin.incr('n'), await keybin.incr('n', 4), await keybin.incr('m', 1, { initial: 10 })]).toEqual([
      1, 5, 11,
    ]);
    expect(await failure(keybin.incr('n', Number.MAX_SAFE_INTEGER))).toMatchObject({ code: 'out_of_range' });
    for (let i = 0; i < 5; i++) await keybin.set(`f/${i}`, i === 2 ? Uint8Array.of(255) : `${i}`);
    const page = await keybin.list({ separator: '/', values: true });
    expect([page.prefixes, page.complete, page.keys.map(({ key, value }) => [key, value])]).toEqual([
      ['f/'],
      true,
      [
        ['m', '11'],
        ['n', '5'],
      ],
    ]);
    const entries: unknown[] = [];
    for await (const { key, value, updatedAt } of keybin.entries({ prefix: 'f/', limit: 2, values: true })) {
      entries.push([key, value, updatedAt instanceof Date]);
    }
    expect(entries).toEqual([
      ['f/0', '0', true],
      ['f/1', '1', true],
      ['f/2', Uint8Array.of(255), true],
      ['f/3', '3', true],
      ['f/4', '4', true],
    ]);
    expect(await keybin.deletePrefix('f/')).toBe(5);
  });

  it('does batches where there are transactions, and says so where there are none', async context => {
    const keybin = await newClient(served.server);
    const { atomicBatch } = await keybin.limits();
    expect(atomicBatch).toBe(can(engine, 'transactions'));
    if (!atomicBatch) {
      expect(await failure(keybin.batch([{ op: 'delete', key: 'a' }]))).toMatchObject({ code: 'batch_unsupported' });
    }
    needs(context, engine, 'transactions');
    const results = await keybin.batch([
      { op: 'put', key: 'a', value: Uint8Array.of(255), ttl: 60, contentType: 'image/png', meta: { Some_Name: 'x' } },
      { op: 'put', key: 'b', json: [1], ifAbsent: true },
      { op: 'incr', key: 'c', by: 2 },
    ]);
    expect(results.map(({ status, key, value }) => [status, key, value])).toEqual([
      [201, 'a', undefined],
      [201, 'b', undefined],
      [200, 'c', 2],
    ]);
    expect((await keybin.info('a'))?.meta).toEqual({ some_name: 'x' });
    const read = await keybin.batch([
      { op: 'get', key: 'a' },
      { op: 'check', key: 'c', ifMatch: results[2]?.etag ?? '' },
      { op: 'get', key: 'none' },
    ]);
    expect(read.map(({ status, value, meta }) => [status, value, meta])).toEqual([
      [200, Uint8Array.of(255), { some_name: 'x' }],
      [204, undefined, undefined],
      [404, undefined, undefined],
    ]);
    const refused = await failure(keybin.batch([{ op: 'put', key: 'b', value: '', ifAbsent: true }]));
    expect(refused).toMatchObject({ status: 409, code: 'batch_failed', details: { index: 0 } });
  });

  it('signs in, makes, lists, renews and revokes tokens', async () => {
    const { url } = served.server;
    const [username, password] = [newName(), 'pässword'];
    await new Keybin({ url }).original.register(username, password);
    expect(await failure(Keybin.signIn(url, { username, password: 'wrong' }))).toMatchObject({ status: 401 });
    const { client, token } = await Keybin.signIn(url, { username, password, name: 'desk', ttl: 600, retries: 0 });
    expect(token).toMatchObject({ name: 'desk', kind: 'v2', token: expect.stringMatching(/^kb_/) });
    const narrow = await client.tokens.create({ scopes: ['kv:r:a/'], maxUses: 2, clientId: 'x' });
    expect([narrow.usesLeft, narrow.clientId, narrow.scopes]).toEqual([2, 'x', ['kv:r:a/']]);
    const reader = new Keybin({ url, token: narrow.token });
    expect(await failure(reader.set('a/b', ''))).toMatchObject({ status: 403, code: 'scope_insufficient' });
    const ids: string[] = [];
    for await (const { id } of client.tokens.all()) ids.push(id);
    expect(ids.sort()).toEqual([token.id, narrow.id].sort());
    expect((await client.tokens.list({ limit: 1 })).complete).toBe(false);
    const renewed = await client.tokens.renew(3600);
    expect((await client.tokens.self()).expiresAt).toEqual(renewed.expiresAt);
    await client.tokens.revoke(narrow.id);
    expect(await failure(client.tokens.revoke(narrow.id))).toMatchObject({ code: 'credential_not_found' });
    await client.tokens.revoke('self');
    expect(await failure(client.tokens.self())).toMatchObject({ status: 401 });
    expect(await failure(Keybin.signIn(url, { username: 'a:b', password }))).toMatchObject({
      code: 'username_invalid',
    });
  });

  it('speaks the original API', async () => {
    const { url } = served.server;
    const [username, password] = [newName(), 'first'];
    const { original } = new Keybin({ url });
    await original.register(username, password);
    expect(await failure(original.register(username, password))).toMatchObject({ code: 'user_exists' });
    await original.changePassword(username, password, 'second');
    expect(await failure(original.token({ username, password }))).toMatchObject({ status: 403 });
    const { token, expireSeconds } = await original.token({ username, password: 'second', client_id: 'desk' });
    expect(expireSeconds).toBe(300);
    const keybin = new Keybin({ url, token });
    await keybin.original.set('a', { deep: ['x'] });
    expect([await keybin.original.get('a'), await keybin.original.get('b')]).toEqual([{ deep: ['x'] }, undefined]);
    expect(await keybin.original.keys({ prefix: 'a' })).toEqual(['a']);
    expect([await keybin.original.delete('a'), await keybin.original.delete('a')]).toEqual([true, false]);
    await original.unregister(username, 'second');
    expect(await failure(keybin.original.keys())).toMatchObject({ status: 403, code: 'token_invalid' });
  });

  it('finds a server below a path', async () => {
    const proxy = await prefixProxy('/keybin');
    proxy.leadTo(served.server.url);
    const keybin = await newClient(served.server, { url: `${proxy.url}/` });
    await keybin.set('a/b', '1');
    expect((await keybin.list()).keys.map(({ key }) => key)).toEqual(['a/b']);
    expect((await keybin.request('GET', '/v2/kv/a/b')).status).toBe(200);
  });
});
