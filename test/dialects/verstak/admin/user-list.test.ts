import { expect, it } from 'vitest';
import { createAccount, type NewAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { allOrFirst, forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';
import { signInAdmin } from './open-admin.ts';

forEachEngine('the list of accounts', engine => {
  /** A server with an admin named `root`, and accounts a second apart. */
  async function open(...accounts: Partial<NewAccount>[]) {
    const { server } = await openServer(engine, { options: { ...ROOMY } });
    const { core, clock } = server;
    const root = await createAccount(core, { username: 'root', password: PASSWORD, admin: true });
    for (const given of accounts) {
      clock.advance(1000);
      await createAccount(core, { username: 'nobody', ...given });
    }
    clock.advance(1000);
    const admin = await signInAdmin(server, root);
    const list = (query = '') => admin.look(`/admin/api/users${query}`);
    const names = async (query = '') => (await list(query)).users.map((user: { username: string }) => user.username);
    return { server, admin, list, names };
  }

  const named = (...names: string[]) => names.map(username => ({ username }));

  it('has every account with what may be known of it', async () => {
    const { server, admin, list } = await open({ username: 'ann', password: PASSWORD, email: 'ann@example.org' });
    const { users } = await list();
    const { user_id } = (await server.core.storage.collection(accountsSpec).find('username', ['ann'])) ?? {};
    expect(users).toEqual([
      {
        id: user_id,
        username: 'ann',
        email: 'ann@example.org',
        confirmed: 1,
        blocked: 0,
        last_seen: '',
        created_at: '2100-01-01T00:00:01Z',
        devices: 0,
        admin: 0,
      },
      {
        id: admin.account.user_id,
        username: 'root',
        email: '',
        confirmed: 1,
        blocked: 0,
        last_seen: '2100-01-01T00:00:02Z',
        created_at: '2100-01-01T00:00:00Z',
        devices: 0,
        admin: 1,
      },
    ]);
  });

  it('tells who is blocked, and who has not confirmed yet', async () => {
    const { server, list } = await open({ username: 'bob', email: 'bob@example.org', unconfirmed: true });
    const bob = await server.core.storage.collection(accountsSpec).find('username', ['bob']);
    if (bob) await setBlocked(server.core, bob, true);
    expect((await list('?filter=bob')).users).toMatchObject([{ username: 'bob', confirmed: 0, blocked: 1 }]);
  });

  it('counts the devices of an account, revoked ones too', async () => {
    const { server, list } = await open({ username: 'ann', password: PASSWORD });
    const ann = await server.core.storage.collection(accountsSpec).find('username', ['ann']);
    if (!ann) throw new Error('there is no account');
    await pairedDevice(server, { account: ann });
    const { headers } = await pairedDevice(server, { account: ann });
    await server.request('POST', '/api/client/revoke-current', undefined, headers);
    for (const sort of ['devices', 'username']) {
      expect((await list(`?filter=ann&sort=${sort}`)).users).toMatchObject([{ username: 'ann', devices: 2 }]);
    }
  });

  it('is found by a part of the name or the e-mail, in any letter case', async () => {
    const { names, list } = await open(
      { username: 'Alice' },
      { username: 'bob', email: 'malice@example.org' },
      { username: 'carol', email: 'carol@example.org' },
      { username: 'Ёлка' },
    );
    expect(await names('?filter=LIC')).toEqual(['bob', 'Alice']);
    expect(await names(`?filter=${encodeURIComponent('ёл')}`)).toEqual(['Ёлка']);
    expect(await names('?filter=example.org')).toEqual(['carol', 'bob']);
    expect(await list('?filter=.*')).toEqual({ users: [], total: 0, page: 1, per_page: 20 });
  });

  it('is found by a part of the domain as people write it, too', async () => {
    const { names } = await open({ username: 'gutenberg', email: 'g@xn--bcher-kva.example' }, { username: 'ben' });
    for (const part of ['@bücher.', 'BU\u0308CHER', 'xn--bcher']) {
      expect(await names(`?filter=${encodeURIComponent(part)}`)).toEqual(['gutenberg']);
    }
  });

  it('takes of a filter 160 characters', async () => {
    const { names } = await open({ username: 'a'.repeat(128) });
    expect(await names(`?filter=${'a'.repeat(128)}`)).toHaveLength(1);
    expect(await names(`?filter=${'a'.repeat(129)}`)).toHaveLength(0);
    expect(await names(`?filter=${' '.repeat(160)}a`)).toHaveLength(0);
  });

  it('is sorted by each of its fields, in both directions', async () => {
    const { server, names } = await open(
      { username: 'b', password: PASSWORD, email: 'y@example.org' },
      { username: 'a', password: PASSWORD, email: 'z@example.org', unconfirmed: true },
      { username: 'c', password: PASSWORD, email: 'x@example.org' },
    );
    const accounts = server.core.storage.collection(accountsSpec);
    const [b, c] = [await accounts.find('username', ['b']), await accounts.find('username', ['c'])];
    if (!b || !c) throw new Error('there is no account');
    server.clock.advance(1000);
    await pairedDevice(server, { account: c });
    server.clock.advance(1000);
    await pairedDevice(server, { account: b });
    await pairedDevice(server, { account: b });
    await setBlocked(server.core, b, true);
    const sorted = async (sort: string) => [
      (await names(`?sort=${sort}&order=asc`)).join(''),
      (await names(`?sort=${sort}&order=desc`)).join(''),
    ];
    expect(await sorted('username')).toEqual(['abcroot', 'rootcba']);
    expect(await sorted('email')).toEqual(['rootcba', 'abcroot']);
    expect(await sorted('created_at')).toEqual(['rootbac', 'cabroot']);
    expect(await sorted('last_seen')).toEqual(['arootcb', 'bcroota']);
    expect((await names('?sort=devices')).slice(0, 2)).toEqual(['b', 'c']);
    expect((await names('?sort=devices&order=asc')).slice(2)).toEqual(['c', 'b']);
    expect((await names('?sort=confirmed&order=asc'))[0]).toBe('a');
    expect((await names('?sort=confirmed')).at(-1)).toBe('a');
    expect((await names('?sort=blocked'))[0]).toBe('b');
  });

  it('begins with the newest account unless told otherwise', async () => {
    const { names } = await open(...named('one', 'two'));
    expect(await names()).toEqual(['two', 'one', 'root']);
    expect(await names('?sort=&order=&filter=&page=&per_page=')).toEqual(['two', 'one', 'root']);
    expect(await names('?order=asc')).toEqual(['root', 'one', 'two']);
  });

  it('has names in the order of their bytes', async () => {
    const { names } = await open(...named('Z', 'a', '\u{1F600}', '\uFF21'));
    expect(await names('?sort=username&order=asc')).toEqual(['Z', 'a', 'root', '\uFF21', '\u{1F600}']);
  });

  it('comes in pages, and what is equal never comes twice', async () => {
    const { list } = await open(...Array.from({ length: 24 }, (_, i) => ({ username: `n${i}` })));
    const first = await list('?sort=blocked');
    expect([first.total, first.page, first.per_page, first.users.length]).toEqual([25, 1, 20, 20]);
    const second = await list('?sort=blocked&page=2');
    expect([second.total, second.page, second.users.length]).toEqual([25, 2, 5]);
    const ids = [...first.users, ...second.users].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(25);
    expect((await list('?per_page=7&page=4')).users).toHaveLength(4);
  });

  it('shows its last page to whoever asks for one behind it', async () => {
    const { list } = await open(...named('a', 'b', 'c', 'd'));
    expect(await list('?page=99&per_page=2')).toMatchObject({ page: 3, total: 5, users: [{ username: 'root' }] });
  });

  it('has at most 100 accounts on a page', async () => {
    const { list } = await open(...Array.from({ length: 100 }, (_, i) => ({ username: `n${i}` })));
    const page = await list('?per_page=1000');
    expect([page.per_page, page.users.length, page.total]).toEqual([100, 100, 101]);
  });

  it('has no account that is being erased', async () => {
    const { server, admin, list } = await open({ username: 'ann', password: PASSWORD });
    const ann = (await list('?filter=ann')).users[0];
    expect((await admin.change('DELETE', `/admin/api/users/${ann.id}`)).status).toBe(200);
    expect(await server.core.storage.collection(accountsSpec).get([ann.id])).toBeDefined();
    expect(await list()).toMatchObject({ total: 1, users: [{ username: 'root' }] });
  });

  const unknown = [
    'sort=password',
    'sort=__proto__',
    'sort=toString',
    'order=up',
    'page=0',
    'page=-1',
    'page=x',
    'page=1.5',
    'per_page=0',
    'per_page=all',
  ];

  it.each(allOrFirst(engine, unknown))('refuses what it does not know: %s', async query => {
    const { server, admin } = await open();
    const answer = await server.request('GET', `/admin/api/users?${query}`, undefined, admin.cookies);
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
  });
});
