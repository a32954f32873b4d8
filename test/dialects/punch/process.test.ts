import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { type Program, type ServerProcess, test } from '../../support/process.ts';
import { apiOf, punchOf } from './open-punch.ts';

const LAPTOP = 'laptop-key-0123456789';
const PHONE = 'phone-key-0123456789';
const BOB = 'bobs-key-0123456789';

const configure = (program: Program, ...lines: string[]) =>
  writeFile(join(program.folder, 'store.cfg'), ['[PUNCH_KEYS]', ...lines, ''].join('\n'));

/** Has the server read its configuration again, and waits until it has. */
async function reload(server: ServerProcess): Promise<void> {
  const before = server.log.length;
  server.signal('SIGHUP');
  expect((await server.logged(/configuration read again|configuration stays/, before)).msg).toMatch(/read again/);
}

const asked = async (server: ServerProcess, key: string) =>
  (await server.request('GET', '/api/v1/punches/manifest', undefined, { 'X-API-Key': key })).status;

forEachEngine('a server process with [PUNCH_KEYS]', engine => {
  test('takes a key at once for an account that did not exist, and nobody can register its name', async ({
    program,
  }) => {
    await configure(program, `laptop = ann:${LAPTOP}`);
    const settings = program.place(engine);
    const server = await program.start({ settings });
    const api = apiOf(server, { Authorization: `Bearer ${LAPTOP}` });
    const one = punchOf();
    await api.upload(one);
    expect(await api.download(one.id)).toEqual([one]);
    const login = { username: 'ann', password: 's3cret' };
    const taken = await server.request('POST', '/register', login);
    expect([taken.status, taken.json.code]).toEqual([409, 'user_exists']);
    expect((await server.request('POST', '/token', login)).status).toBe(403);
    await server.stop();

    const again = await program.start({ settings });
    expect(await apiOf(again, { 'X-API-Key': LAPTOP }).manifest()).toEqual({ [one.id]: one.updated });
  });

  test('revokes one key and takes another on SIGHUP, without a restart', async ({ program }) => {
    await configure(program, `laptop = ann:${LAPTOP}`, `phone = ann:${PHONE}`);
    const server = await program.start({ settings: program.place(engine) });
    const one = punchOf();
    await apiOf(server, { 'X-API-Key': LAPTOP }).upload(one);
    await configure(program, `laptop = ann:${LAPTOP}`, `bob = bob:${BOB}`);
    await reload(server);
    expect([await asked(server, LAPTOP), await asked(server, PHONE), await asked(server, BOB)]).toEqual([
      200, 401, 200,
    ]);
    expect(await apiOf(server, { 'X-API-Key': BOB }).manifest()).toEqual({});
    expect(await apiOf(server, { 'X-API-Key': LAPTOP }).download(one.id)).toEqual([one]);

    await configure(program);
    await reload(server);
    expect([await asked(server, LAPTOP), await asked(server, BOB)]).toEqual([401, 401]);
  });

  test('writes no key to its log', async ({ program }) => {
    await configure(program, `laptop = ann:${LAPTOP}`, `phone = ann:${PHONE}`);
    const server = await program.start({ settings: { ...program.place(engine), APP_DEBUG: 'true' } });
    const credentials: Record<string, string>[] = [
      { Authorization: `Bearer ${LAPTOP}` },
      { 'X-API-Key': PHONE },
      { Authorization: LAPTOP, 'X-API-Key': PHONE },
      { 'X-API-Key': `${PHONE}x` },
    ];
    for (const headers of credentials) {
      const api = apiOf(server, headers);
      for (const [method, name, body] of [
        ['GET', 'manifest'],
        ['POST', 'upload', { punches: [punchOf()] }],
        ['POST', 'upload', { punches: [{}] }],
        ['POST', 'download', '{'],
        ['POST', 'delete', { ids: [LAPTOP] }],
        ['PUT', 'manifest'],
      ] as const) {
        await api.send(method, name, body);
      }
    }
    await configure(program, `laptop = ann:${LAPTOP}`, `desk = ann:${PHONE}`);
    await reload(server);
    await configure(program, `laptop = ann:${LAPTOP}`, `desk = ann:${LAPTOP}`);
    const before = server.log.length;
    server.signal('SIGHUP');
    await server.logged(/configuration stays/, before);
    await server.stop();
    const output = server.stdout + server.stderr;
    expect(output).not.toMatch(/key-0123456789/);
    expect(server.log.find(({ msg }) => /^Punch keys: 2, accounts: 1$/.test(msg))).toMatchObject({
      labels: ['laptop', 'phone'],
    });
  });

  test('shares keys and punches with another process', async ({ program }) => {
    await configure(program, `laptop = ann:${LAPTOP}`, `phone = ann:${PHONE}`);
    const settings = program.place(engine);
    const servers = await Promise.all([program.start({ settings }), program.start({ settings })]);
    const [laptop, phone] = servers.map((server, i) => apiOf(server, { 'X-API-Key': i ? PHONE : LAPTOP }));
    if (!laptop || !phone) throw new Error('two servers');
    const versions = Array.from({ length: 20 }, (_, i) => punchOf({ id: punchOf().id, updated: i }));
    await laptop.upload(...versions);
    expect(await phone.download(...versions.map(({ id }) => id))).toEqual(versions);
    await Promise.all(
      [1, 2, 3, 4].map(n => (n % 2 ? laptop : phone).upload(...versions.map(v => ({ ...v, updated: 100 + n })))),
    );
    expect(Object.values(await phone.manifest())).toEqual(versions.map(() => 104));
    await phone.remove(...versions.map(({ id }) => id));
    expect(await laptop.manifest()).toEqual({});
  });
});

forEachEngine('a server process with two workers', () => {
  test('revokes a key in both of them', async ({ program }) => {
    await configure(program, `laptop = ann:${LAPTOP}`, `phone = ann:${PHONE}`);
    const server = await program.start({ settings: { APP_WORKERS: '2' } });
    const pidsThat = (message: RegExp) =>
      new Set(server.log.filter(({ msg }) => message.test(msg)).map(({ pid }) => pid)).size;
    await expect.poll(() => pidsThat(/^ready$/), { timeout: 15_000 }).toBe(2);
    const statuses = async (key: string) => {
      const headers = { 'X-API-Key': key, Connection: 'close' };
      const ask = () => server.request('GET', '/api/v1/punches/manifest', undefined, headers);
      return new Set((await Promise.all(Array.from({ length: 30 }, ask))).map(({ status }) => status));
    };
    expect(await statuses(PHONE)).toEqual(new Set([200]));
    await configure(program, `laptop = ann:${LAPTOP}`);
    server.signal('SIGHUP');
    await expect.poll(() => pidsThat(/configuration read again/), { timeout: 15_000 }).toBe(2);
    expect([await statuses(PHONE), await statuses(LAPTOP)]).toEqual([new Set([401]), new Set([200])]);
  });
}, ['embedded']);
