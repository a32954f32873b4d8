import { expect } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { type Program, type Settings, test } from '../../support/process.ts';

/** Runs a command and waits for its end. */
async function command(program: Program, settings: Settings, args: readonly string[], input?: string) {
  const process = program.spawn({ args, settings, ...(input !== undefined && { input }) });
  const { code } = await process.end();
  return { code, stdout: process.stdout, stderr: process.stderr };
}

forEachEngine('commands about accounts, beside the running server', engine => {
  test('make, list, block and delete accounts, and give them passwords', async ({ program }) => {
    const settings = { ...program.place(engine), SECURITY_REGISTRATION: 'false' };
    const server = await program.start({ settings });
    const run = (args: readonly string[], input?: string) => command(program, settings, args, input);
    const statusOf = async (token: string) => (await server.request('GET', `/user/${token}/keys`)).status;

    const added = await run(['user', 'add', 'ann', '--email', 'ann@example.org', '--password-stdin'], 's3cret\n');
    expect([added.code, added.stderr]).toEqual([0, '']);
    expect(added.stdout).toMatch(/^ann is there, with the id [0-9a-f-]{36}\n$/);
    expect((await run(['user', 'add', 'ann', '--password-stdin'], 'other')).code).toBe(1);
    const token = await server.token('ann');
    expect(await statusOf(token)).toBe(200);

    const listed = JSON.parse((await run(['user', 'ls', '--json'])).stdout);
    expect(listed).toMatchObject([{ name: 'ann', email: 'ann@example.org', status: 'active', admin: false }]);
    expect((await run(['user', 'ls', 'bob'])).stdout).toBe('');
    expect((await run(['user', 'ls'])).stdout.split('\t').slice(0, 3)).toEqual([
      'ann',
      listed[0].id,
      'ann@example.org',
    ]);

    expect((await run(['user', 'block', 'ann@example.org'])).stdout).toBe('ann is blocked\n');
    expect(await statusOf(token)).toBe(403);
    expect((await run(['user', 'block', listed[0].id])).stdout).toBe('ann is blocked, as before\n');
    expect((await run(['user', 'unblock', 'ann'])).code).toBe(0);

    const generated = await run(['user', 'passwd', 'ann', '--generate', '--json']);
    const { password } = JSON.parse(generated.stdout);
    const renewed = await server.token('ann', 'laptop', password);
    expect(await statusOf(renewed)).toBe(200);

    const asked = await run(['user', 'rm', 'ann']);
    expect([asked.code, asked.stderr]).toEqual([
      2,
      'keybin-server: nobody can be asked here whether this is meant: give --yes\n',
    ]);
    expect((await run(['user', 'rm', 'ann', '--yes'])).code).toBe(0);
    expect(await statusOf(renewed)).toBe(403);
    const gone = await run(['user', 'rm', 'ann', '--yes']);
    expect([gone.code, gone.stdout]).toEqual([3, '']);
    expect(gone.stderr).toBe(
      'keybin-server: there is no account with the name, e-mail or id "ann": keybin-server user ls lists them\n',
    );
  });

  test('end tokens, and let in again who is refused for guessing', async ({ program }) => {
    const settings = { ...program.place(engine), SECURITY_FAILURES_PER_PAIR: '2' };
    const server = await program.start({ settings });
    const run = (args: readonly string[]) => command(program, settings, args);
    const statusOf = async (token: string) => (await server.request('GET', `/user/${token}/keys`)).status;
    await server.register('ann');
    const [laptop, phone] = [await server.token('ann', 'laptop'), await server.token('ann', 'phone')];

    const live = JSON.parse((await run(['token', 'ls', 'ann', '--json'])).stdout) as { id: string; name: string }[];
    expect(live.map(({ name }) => name)).toEqual(['phone', 'laptop']);
    const ended = await run(['token', 'rm', 'ann', live[1]?.id.slice(0, 8) ?? '', '--yes']);
    expect([ended.code, ended.stdout]).toEqual([0, '1 ended\n']);
    expect([await statusOf(laptop), await statusOf(phone)]).toEqual([403, 200]);
    expect((await run(['token', 'rm', 'ann', '--all', '--yes', '--json'])).stdout).toMatch(/^{"tokens":1,/);
    expect(await statusOf(phone)).toBe(403);
    expect((await run(['token', 'rm', 'ann', '--yes'])).code).toBe(2);

    const wrong = { username: 'ann', password: 'wrong' };
    for (const status of [403, 403, 429]) expect((await server.request('POST', '/token', wrong)).status).toBe(status);
    expect((await run(['unlock', 'ann', '--address', '127.0.0.1'])).stdout).toBe('ann may try again\n');
    await server.token('ann');
    expect((await run(['unlock', 'ann'])).stdout).toBe('nothing kept ann out\n');
  });
});
