import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { eventually, type Program, type ServerProcess, test } from '../support/process.ts';

const AGAIN = /configuration read again|configuration stays/;

/** Writes the file, has the server read it, and returns what it says about that. */
async function reload(program: Program, server: ServerProcess, text: string) {
  await writeFile(join(program.folder, 'store.cfg'), text);
  const before = server.log.length;
  server.signal('SIGHUP');
  return server.logged(AGAIN, before);
}

function lifetime(server: ServerProcess): Promise<unknown> {
  return server
    .request('POST', '/token', { username: 'ann', password: 's3cret', client_id: 'lifetime' })
    .then(answer => answer.json.token.expire_seconds);
}

describe.concurrent('SIGHUP', () => {
  test('gives new tokens another lifetime and leaves those given out as they are', async ({ program }) => {
    const server = await program.start();
    await server.register('ann');
    const old = await server.token('ann');
    const said = await reload(program, server, '[STORE]\ntoken_expiration=5000\n');
    expect(said).toMatchObject({ changed: ['[STORE] token_expiration'], waiting: [] });
    expect(await lifetime(server)).toBe(5000);
    expect((await server.request('GET', `/user/${old}`)).json.expire_seconds).toBeLessThanOrEqual(300);
  });

  test('closes and opens registration', async ({ program }) => {
    const server = await program.start();
    await reload(program, server, '[SECURITY]\nregistration=false\n');
    const closed = await server.request('POST', '/register', { username: 'ann', password: 's3cret' });
    expect([closed.status, closed.json.code]).toEqual([403, 'registration_closed']);
    await reload(program, server, '');
    await server.register('ann');
  });

  test('changes the throttle', async ({ program }) => {
    const server = await program.start();
    await server.register('ann');
    await reload(program, server, '[SECURITY]\nfailures_per_pair=2\n');
    const guess = () => server.request('POST', '/token', { username: 'ann', password: 'wrong' });
    expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([403, 403, 429]);
    await reload(program, server, '[SECURITY]\nthrottle=false\n');
    expect((await guess()).status).toBe(403);
    await server.token('ann');
  });

  test('changes what is logged', async ({ program }) => {
    const server = await program.start();
    const logged = async () => {
      const before = server.log.filter(line => line.msg === 'request').length;
      await server.request('GET', '/user/nobody');
      await pause(1_000); // twice what a line waits for company
      return server.log.filter(line => line.msg === 'request').length - before;
    };
    expect(await logged()).toBe(1);
    await writeFile(join(program.folder, 'store.cfg'), '[APP]\nlog_level=warn\n[SECURITY]\nregistration=false\n');
    server.signal('SIGHUP');
    const register = () => server.request('POST', '/register', { username: 'ann', password: 's3cret' });
    await eventually(register, answer => answer.json.code === 'registration_closed');
    await pause(1_000);
    expect(await logged()).toBe(0);
    await reload(program, server, '');
    expect(await logged()).toBe(1);
  });

  test('names what waits for a restart and changes the rest', async ({ program }) => {
    const server = await program.start();
    const text = '[APP]\nworkers=2\n[STORE]\nhost=file:./elsewhere\ntoken_expiration=60\n';
    const said = await reload(program, server, text);
    expect(said.waiting).toEqual(['[APP] workers', '[STORE] host']);
    expect(said.changed).toEqual(['[STORE] token_expiration']);
    expect(said.msg).toMatch(/restart/);
    await server.register('ann');
    expect(await lifetime(server)).toBe(60);
  });

  test('keeps the configuration, with one line that lists what is wrong, when the new one cannot be used', async ({
    program,
  }) => {
    const server = await program.start();
    await server.register('ann');
    await reload(program, server, '[STORE]\ntoken_expiration=60\n');
    const wrong = '[APP]\nlog_level=loud\n[STORE]\ntoken_expiration=never\n[SECURITY]\nregistration=false\n';
    const said = await reload(program, server, wrong);
    expect(said.level).toBe(50);
    expect(said.msg).toMatch(/stays.*log_level.*token_expiration/s);
    expect(await lifetime(server)).toBe(60);
    await server.register('bob');
    expect((await reload(program, server, '[STORE]\ntoken_expiration=61\n')).msg).toMatch(/read again/);
    expect(await lifetime(server)).toBe(61);
  });
});
