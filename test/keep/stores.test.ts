/** Whatever the APIs have stored is the same after it went through a backup, into the other engine too. */

import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { collections } from '../../src/app.ts';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import { eraseAccount, markForErasing, resumeErasures } from '../../src/core/accounts/erase.ts';
import { type AccountDoc, accountsSpec, entriesSpec, mailsSpec } from '../../src/core/collections.ts';
import type { Core } from '../../src/core/context.ts';
import { punchesSpec } from '../../src/core/punches/collection.ts';
import { fillStore } from '../../src/keep/fill-store.ts';
import { readStore } from '../../src/keep/read-store.ts';
import { encodeDoc } from '../../src/keep/values.ts';
import { verifyBackup } from '../../src/keep/verify.ts';
import type { CollectionSpec, Storage } from '../../src/storage/port.ts';
import * as dotsync from '../dialects/dotsync/open-dotsync.ts';
import { apiOf, punchOf } from '../dialects/punch/open-punch.ts';
import * as simple from '../dialects/simple-sync/open-simple-sync.ts';
import * as verstak from '../dialects/verstak/open-verstak.ts';
import { engines, forEachEngine } from '../support/engines.ts';
import { newUser, openServer } from '../support/served.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { manifest, opened as openedBackup, packed } from './copies.ts';

type Question = [method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>];

/** Stores something through every API; returns questions whose answers depend on it. */
async function store(server: TestServer): Promise<Question[]> {
  const { core } = server;
  const { token, headers } = await newUser(server);
  const values: unknown[] = [
    'text',
    '',
    { a: [1, null, { $date: 'x' }] },
    1e300,
    [[]],
    '\u2028\ud83d\ude00',
    { __proto__x: -0 },
  ];
  const questions: Question[] = [['GET', `/user/${token}/keys`, undefined, {}]];
  for (const [i, value] of values.entries()) {
    await server.request('POST', `/user/${token}/store/json${i}`, { value });
    questions.push(
      ['GET', `/user/${token}/store/json${i}`, undefined, {}],
      ['GET', `/v2/kv/json${i}`, undefined, headers],
    );
  }
  for (const [key, bytes] of [
    ['short', 300],
    ['long', 1_300_000],
    ['ends', 20],
  ] as const) {
    const more = {
      ...headers,
      'Content-Type': 'application/octet-stream',
      ...(key === 'ends' && { 'Keybin-TTL': '3600' }),
    };
    await server.request('PUT', `/v2/kv/${key}`, randomBytes(bytes).toString('hex'), more);
    questions.push(['GET', `/v2/kv/${key}`, undefined, headers], ['GET', `/v2/info/${key}`, undefined, headers]);
  }
  await server.request('PUT', '/v2/kv/deleted', 'x', headers);
  await server.request('DELETE', '/v2/kv/deleted', undefined, headers);
  questions.push(['GET', '/v2/kv/deleted', undefined, headers]);

  const punches = apiOf(server, headers);
  const kept = Array.from({ length: 30 }, (_, i) => punchOf({ updated: i, extra: randomBytes(9).toString('base64') }));
  await punches.upload(...kept);
  await punches.remove(kept[0]?.id ?? '');
  questions.push(['GET', '/api/v1/punches/manifest', undefined, headers]);
  questions.push(['POST', '/api/v1/punches/download', { ids: kept.map(({ id }) => id) }, headers]);

  const id = await dotsync.newConfig(server, headers, ['~/.a', '~/.b']);
  await dotsync.store(server, headers, id, { '~/.a': 'alpha\n', '~/.b': randomBytes(50).toString('base64') });
  questions.push(['POST', dotsync.pathOf(id), undefined, headers]);

  const admin = await simple.newAdmin(server);
  const member = await simple.newMember(server);
  await simple.setRules(server, admin, ['*/*/* +', `${member.username}/secret/* -`]);
  for (let i = 0; i < 3; i++)
    await simple.push(server, member, [simple.newEvent(server, { payload: randomBytes(400).toString('hex') })]);
  questions.push(
    ['GET', '/api/v1/events', undefined, member.headers],
    ['GET', '/api/v1/acl', undefined, admin.headers],
  );

  const desk = await verstak.pairedDevice(server);
  const blob = randomBytes(5_000);
  const { json } = await verstak.upload(server, desk, new Uint8Array(blob));
  const operations = Array.from({ length: 20 }, (_, i) =>
    verstak.newOperation({ client_sequence: i, payload_json: JSON.stringify({ i, é: '\u0000' }) }),
  );
  verstak.demand(await verstak.push(server, desk, operations), 200);
  questions.push(
    ['POST', '/api/v1/sync/pull', { since_sequence: 0 }, desk.headers],
    ['GET', `/api/v1/blobs/${json.sha256}`, undefined, desk.headers],
  );

  // A mail under way.
  const now = core.clock.now();
  const { account } = await newUser(server);
  const to = { email: 'ann@example.org', base: 'https://keybin.example.org', language: 'en' };
  const due = { attempts: 2, due_at: new Date(now + 3_600_000) };
  const mail = { user_id: account.user_id, purpose: 'confirm', mail_id: 'm', ...to, ...due };
  await core.storage.collection(mailsSpec as unknown as CollectionSpec<object>).put(mail);
  return questions;
}

/** An account with data that is being erased, of which the storage went away half way; returns its id. */
async function eraseHalf(server: TestServer): Promise<string> {
  const { account, headers } = await newUser(server);
  const long = { ...headers, 'Content-Type': 'application/octet-stream' };
  await server.request('PUT', '/v2/kv/long', randomBytes(700_000).toString('hex'), long);
  await server.request('PUT', '/v2/kv/short', 'x', headers);
  await apiOf(server, headers).upload(punchOf(), punchOf());
  const core = withoutDeletionsIn(punchesSpec.name, server.core);
  const marked = await markForErasing(core, account.user_id, {});
  await expect(eraseAccount(core, marked as AccountDoc)).rejects.toThrow('the storage is gone');
  return account.user_id;
}

/** The same core, whose storage goes away when documents of a collection are to be removed. */
function withoutDeletionsIn(name: string, core: Core): Core {
  const collection: Storage['collection'] = spec => {
    const found = core.storage.collection(spec);
    if (spec.name !== name) return found;
    const deleteMany = () => Promise.reject(new StorageUnavailableError('the storage is gone'));
    return withParts(found, { deleteMany });
  };
  return { ...core, storage: withParts(core.storage, { collection }) };
}

/** The same, some methods of which are others. */
function withParts<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get(_, name) {
      const found = Reflect.get(name in parts ? parts : whole, name);
      return typeof found === 'function' ? found.bind(whole) : found;
    },
  });
}

/** The collections in which something of the account is. */
async function collectionsOf(account: string, storage: Storage): Promise<string[]> {
  const all = await everythingIn(storage);
  const isOfIt = (held: unknown) => Array.isArray(held) && held.some(line => String(line).includes(account));
  return Object.keys(all).filter(name => isOfIt(all[name]));
}

/** All that a storage holds, as lines. */
async function everythingIn(storage: Storage): Promise<Record<string, unknown>> {
  const snapshot = await storage.snapshot();
  const all: Record<string, unknown> = { counters: await snapshot.counters() };
  all.secrets = (await snapshot.secrets()).filter(({ name }) => name !== 'changes');
  for (const { name } of collections) {
    const lines: string[] = [];
    for await (const docs of snapshot.documents(name)) lines.push(...docs.map(encodeDoc));
    all[name] = lines;
  }
  await snapshot.close();
  all.blobs = (await storage.blobs.list()).items.map(({ sha256, size }) => ({ sha256, size }));
  return all;
}

async function answersTo(server: TestServer, questions: readonly Question[]) {
  const answers: string[] = [];
  for (const [method, path, body, headers] of questions) {
    const { status, text } = await server.request(method, path, body, { ...headers });
    answers.push(`${method} ${path} ${status} ${text.replace(/"request_id":"[^"]*"/, '')}`);
  }
  return answers;
}

forEachEngine('what every API has stored', engine => {
  test('goes through a backup into each engine, which holds and answers the same', { timeout: 120_000 }, async () => {
    const served = await openServer(engine, simple.WITH_SECRET);
    const { server } = served;
    const questions = await store(server);
    const erased = await eraseHalf(server);
    const expected = await answersTo(server, questions);
    expect(expected.filter(answer => / 200 /.test(answer)).length).toBeGreaterThan(25);
    const missing: string[] = [];
    const items = readStore(served.opened.storage, collections, {
      now: server.clock.now,
      missing: hash => missing.push(hash),
    });
    const bytes = await packed(items, manifest(collections.map(({ name }) => name)));
    expect((await verifyBackup(await openedBackup(bytes, 100_000), collections)).problems).toEqual([]);
    expect(missing).toEqual([]);
    const before = await everythingIn(served.opened.storage);
    const half = await collectionsOf(erased, served.opened.storage);
    expect(half).toEqual(expect.arrayContaining([accountsSpec.name, punchesSpec.name]));
    expect(half).not.toContain(entriesSpec.name);
    const restored: TestServer[] = [];
    for (const target of engines.filter(({ skip }) => skip === undefined)) {
      const opened = await target.open({ specs: collections, clock: server.clock });
      onTestFinished(() => opened.cleanup());
      await fillStore(opened.storage, collections, (await openedBackup(bytes, 100_000)).items, { copy: 'copy' });
      expect(await everythingIn(opened.storage)).toEqual(before);
      const again = await startServer(opened, simple.WITH_SECRET);
      onTestFinished(() => again.stop());
      restored.push(again);
      for (const [i, answer] of (await answersTo(again, questions)).entries()) expect(answer).toBe(expected[i]);
    }
    // What was begun there ends here: at once what can be, the rest when no request of before can be under way.
    for (const { core } of restored) await resumeErasures(core);
    server.clock.advance(181_000);
    for (const { core } of restored) {
      await resumeErasures(core);
      expect(await collectionsOf(erased, core.storage)).toEqual([]);
    }
  });
});
