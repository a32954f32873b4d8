import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { embedded } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { keybin } from '../keybin.ts';

const PASSWORD = 's3cret pass';

describe('keybin dotsync', () => {
  const served = sharedServer(embedded);
  let names = 0;

  async function register(): Promise<string> {
    const username = `dora${names++}`;
    await served.server.request('POST', '/register', { username, password: PASSWORD });
    return username;
  }

  /** A machine that nobody has set up. */
  async function machine(name: string) {
    const home = await mkdtemp(join(tmpdir(), `keybin-${name}-`));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const run = async (args: readonly string[], input?: string) => {
      const { code, stdout, stderr } = await keybin(['dotsync', ...args], {
        environment: { HOME: home },
        cwd: home,
        ...(input !== undefined && { input }),
      });
      return { code, stdout, stderr };
    };
    const init = (user: string, ...more: string[]) =>
      run(['init', served.server.url, '--user', user, '--password-stdin', '--machine', name, ...more], PASSWORD);
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(home, file)), { recursive: true });
      writeFileSync(join(home, file), text);
    };
    return { home, run, init, write, read: (file: string) => readFileSync(join(home, file), 'utf8') };
  }

  it('takes two machines from the first step through a conflict to its end', async () => {
    const user = await register();
    const [one, two] = [await machine('one'), await machine('two')];
    expect(await one.run(['sync'])).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('keybin dotsync init URL'),
    });
    expect(await one.init(user)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Next: keybin dotsync add'),
    });
    expect((statSync(join(one.home, '.dotsync/config')).mode & 0o777).toString(8)).toBe('600');
    one.write('.vimrc', 'one\n');
    one.write('.ssh/id_ed25519', 'a key');
    expect(await one.run(['add', '.vimrc', '~/.ssh'])).toMatchObject({
      code: 1,
      stdout: 'default\t~/.vimrc\n',
      stderr: expect.stringContaining('looks like a secret; add --yes'),
    });
    expect(await one.run(['status'])).toMatchObject({ code: 0, stdout: 'to send\t~/.vimrc\tthe server has none\n' });
    expect((await one.run(['sync'])).stdout).toMatch(/^sent\t~\/\.vimrc/);
    expect((await two.init(user)).stderr).toContain('(1 file)');
    two.write('.vimrc', 'two\n');
    expect((await two.run(['sync', '--dry-run'])).stdout).toMatch(/^conflict\t~\/\.vimrc\tdiffers/);
    expect(await two.run(['sync', '--json'])).toMatchObject({
      code: 3,
      stdout: `[\n${JSON.stringify({ config: 'default', path: '~/.vimrc', what: 'conflict', copies: ['~/.vimrc.dotsync-two'] })}\n]\n`,
      stderr: expect.stringContaining('keybin dotsync resolve'),
    });
    expect((await two.run(['diff', '.vimrc'])).stdout).toBe('--- server\n+++ ~/.vimrc\n@@ -1,1 +1,1 @@\n-one\n+two\n');
    expect((await two.run(['resolve', '.vimrc'])).code).toBe(2);
    expect((await two.run(['resolve', '.vimrc', '--theirs'])).code).toBe(0);
    expect([two.read('.vimrc'), existsSync(join(two.home, '.vimrc.dotsync-two'))]).toEqual(['one\n', false]);
    const [kept = ''] = readdirSync(join(two.home, '.dotsync/replaced'));
    expect(two.read(`.dotsync/replaced/${kept}`)).toBe('two\n');
    expect((await two.run(['sync'])).code).toBe(0);
    expect((await two.run(['ls'])).stdout).toBe('default\t~/.vimrc\t0644\n');
    expect((await two.run(['rm', '.vimrc'])).code).toBe(0);
    expect(await two.run(['rm', '.vimrc'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('is not watched'),
    });
    expect([(await one.run(['sync'])).stdout, one.read('.vimrc')]).toEqual([
      expect.stringMatching(/^gone\t~\/\.vimrc/),
      'one\n',
    ]);
  });

  it('syncs a secret with a machine only when its user has said so there', async () => {
    const user = await register();
    const [one, two] = [await machine('one'), await machine('two')];
    await one.init(user);
    await two.init(user);
    one.write('tls.pem', 'a key');
    expect((await one.run(['add', '--yes', 'tls.pem'])).code).toBe(0);
    expect((await one.run(['sync'])).stdout).toMatch(/^sent/);
    expect((await two.run(['sync'])).stdout).toMatch(/^skipped\t~\/tls\.pem\tlooks like a secret/);
    two.write('tls.pem', 'another key');
    expect((await two.run(['add', '--yes', 'tls.pem'])).code).toBe(0);
    expect((await two.run(['sync'])).code).toBe(3);
    expect([two.read('tls.pem'), two.read('tls.pem.dotsync-two')]).toEqual(['another key', 'a key']);
  });

  it('removes the only known copy when it is told to', async () => {
    const user = await register();
    const one = await machine('one');
    await one.init(user);
    one.write('.a', 'a');
    await one.run(['add', '.a']);
    await one.run(['sync']);
    await rm(join(one.home, '.a'));
    expect(await one.run(['rm', '.a'])).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') });
    expect((await one.run(['rm', '.a', '--yes'])).code).toBe(0);
    expect(existsSync(join(one.home, '.a'))).toBe(false);
  });

  it('keeps what it has when it signs in anew, and says so when the token is taken no longer', async () => {
    const user = await register();
    const one = await machine('one');
    await one.init(user);
    expect((await one.run(['init', '--new', 'work'])).code).toBe(0);
    const before = JSON.parse(one.read('.dotsync/config'));
    expect(before.configs).toMatchObject([{ name: 'default' }, { name: 'work' }]);
    one.write('.w', 'w');
    expect((await one.run(['add', '.w', '--config', 'work'])).stdout).toBe('work\t~/.w\n');
    const revoked = { Authorization: `Bearer ${before.token}` };
    expect((await served.server.request('DELETE', '/v2/tokens/self', undefined, revoked)).status).toBe(204);
    expect(await one.run(['sync'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('sign in again with keybin dotsync init'),
    });
    expect((await one.init(user)).code).toBe(0);
    const after = JSON.parse(one.read('.dotsync/config'));
    expect([after.configs, after.token === before.token]).toEqual([before.configs, false]);
    expect(await one.run(['init', 'http://127.0.0.1:9', '--password-stdin'], 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --yes to leave it'),
    });
  });

  it('writes a unit, says how it is started, and removes it', async () => {
    const one = await machine('one');
    await one.init(await register());
    const installed = await one.run(['service', 'install']);
    expect(installed).toMatchObject({
      code: 0,
      stdout: 'systemctl --user daemon-reload\nsystemctl --user enable --now keybin-dotsync.service\n',
    });
    expect(one.read('.config/systemd/user/keybin-dotsync.service')).toMatch(
      /^ExecStart=".*node" ".*main\.js" "dotsync" "watch"$/m,
    );
    expect((await one.run(['service', 'remove'])).code).toBe(0);
    expect(await one.run(['service', 'remove'])).toMatchObject({ code: 3 });
  });
});
