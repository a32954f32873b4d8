import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { newName } from '../support/served.ts';
import { atServer, homeIn, kept, newFolder, PASSWORD } from './at-server.ts';
import { keybin, type RunOptions } from './keybin.ts';
import { atTerminal } from './terminal.ts';

forEachEngine('sign-ins on the command line', engine => {
  const at = atServer(engine);

  /** A home, and what runs `keybin` in it. */
  async function home() {
    const folder = await newFolder();
    const run = (args: readonly string[], options: RunOptions = {}) =>
      keybin(args, { ...options, environment: { ...homeIn(folder), ...options.environment } });
    return { folder, run };
  }

  it('are made with a password, kept as a token for their user alone, and revoked', async () => {
    const { folder, run } = await home();
    const name = newName();
    expect((await run(['whoami'])).code).toBe(4);
    expect(await run(['register', name, at.url, '--password-stdin'], { input: 's3cret\n' })).toMatchObject({ code: 0 });
    const wrong = await run(['login', at.url, '--user', name, '--password-stdin'], { input: 'guessed' });
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('type the password again') });
    const signedIn = await run(['login', at.url, '--user', name, '--password-stdin'], { input: 's3cret' });
    expect(signedIn.stderr).toMatch(
      new RegExp(`^signed in at ${at.url} as ${name}, until \\d{4}-\\d\\d-\\d\\d and longer`),
    );
    const file = join(folder, 'config', 'keybin', 'config.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(await kept(folder))).not.toContain('s3cret');
    expect(JSON.parse((await run(['whoami', '--json'])).stdout)).toMatchObject({ server: at.url, account: name });
    // Its token goes to no other server.
    expect((await run(['ls'], { environment: { KEYBIN_URL: 'http://127.0.0.1:9' } })).code).toBe(4);
    const { token = '' } = (await kept(folder)).profiles.default ?? {};
    expect((await run(['logout'])).code).toBe(0);
    const Authorization = `Bearer ${token}`;
    expect((await at.server.request('GET', '/v2/tokens/self', undefined, { Authorization })).status).toBe(401);
    expect((await run(['whoami'])).code).toBe(4);
  });

  it('that cannot be kept leave no token behind', async () => {
    const { folder, run } = await home();
    const ann = await at.account();
    await mkdir(join(folder, 'config'));
    await symlink('/dev/full', join(folder, 'config', 'keybin'));
    const args = ['login', at.url, '--user', ann.name, '--password-stdin'];
    const refused = await run(args, { input: PASSWORD });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^keybin: [^\n]*config\/keybin[^\n]*\n$/) });
    const { json } = await ann.request('GET', '/v2/tokens');
    expect(json.tokens.map((token: { name: string }) => token.name)).toEqual(['test']);
  });

  it('live on while they are used, and go on with another password', async () => {
    const { folder, run } = await home();
    const name = newName();
    await at.server.register(name);
    const args = ['login', at.url, '--user', name, '--password-stdin', '--ttl', '600', '--profile', 'short'];
    await run(args, { input: 's3cret' });
    const before = await kept(folder);
    const { short } = before.profiles;
    const soon = new Date(Date.now() + 100_000).toISOString();
    const file = join(folder, 'config', 'keybin', 'config.json');
    await writeFile(file, JSON.stringify({ ...before, profiles: { short: { ...short, expires_at: soon } } }));
    expect((await run(['ls'])).code).toBe(0);
    expect(Date.parse((await kept(folder)).profiles.short?.expires_at ?? '')).toBeGreaterThan(Date.now() + 300_000);
    expect(await run(['passwd', '--password-stdin'], { input: 's3cret\nb3tter\n' })).toMatchObject({ code: 0 });
    expect((await kept(folder)).profiles.short?.token).not.toBe(short?.token);
    expect((await run(['whoami'])).code).toBe(0);
  });

  it('ask for the name and the password at a terminal, and show no password', async () => {
    const folder = await newFolder();
    const name = newName();
    const given = ['Server [http://localhost:5000]: ', `${at.url}\r`] as const;
    const shown = await atTerminal(
      `keybin register ${name} ${at.url} && keybin login`,
      [
        ['Password: ', 's3cret\r'],
        ['Once more: ', 's3cret\r'],
        given,
        ['Name: ', `${name}\r`],
        ['Password: ', 's3cret\r'],
      ],
      { environment: homeIn(folder) },
    );
    expect(shown).toMatchObject({ code: 0, screen: expect.stringContaining(`signed in at ${at.url} as ${name}`) });
    expect(shown.screen).not.toContain('s3cret');
    // Ctrl-C at the question.
    const stopped = await atTerminal('keybin login', [['Server [', '\x03']], { environment: homeIn(folder) });
    expect(stopped).toMatchObject({ code: 130, screen: expect.stringContaining('keybin: interrupted') });
  });

  it('make tokens that can do less', async () => {
    const ann = await at.account();
    const secret = (await ann.done('token', 'new', '--name', 'reader', '--scope', 'kv:r:flags/', '--ttl', '1h')).trim();
    expect(secret).toMatch(/^kb_[\w-]{43}$/);
    const refused = await ann.run(['set', 'flags/a', '1'], { environment: { KEYBIN_TOKEN: secret } });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('keybin token new --scope kv:w'),
    });
    const listed = JSON.parse(await ann.done('token', 'ls', '--json'));
    const { id } = listed.find((token: { name: string }) => token.name === 'reader');
    expect((await ann.run(['token', 'rm', id])).code).toBe(2);
    await ann.done('token', 'rm', id, '--yes');
    expect((await ann.run(['token', 'rm', id, '--yes'])).code).toBe(3);
    expect((await ann.run(['ls'], { environment: { KEYBIN_TOKEN: secret } })).code).toBe(4);
    expect(await ann.done('token', 'renew')).toMatch(/^\d{4}-.*Z\n$/);
  });
});
