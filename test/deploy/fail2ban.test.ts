import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Program, test } from '../support/process.ts';
import { need } from './proxy.ts';

const FILTER = fileURLToPath(new URL('../../deploy/fail2ban/filter.conf', import.meta.url));

/** What fail2ban finds in a log with the filter: the addresses, one for each line that counts. */
async function found(program: Program, log: string): Promise<string[]> {
  const file = join(program.folder, 'server.log');
  await writeFile(file, log);
  const filters = join(program.folder, 'filter.d');
  await mkdir(filters, { recursive: true });
  await copyFile(FILTER, join(filters, 'keybin.conf'));
  const { stdout, stderr } = spawnSync('fail2ban-regex', ['--out', 'ip', file, join(filters, 'keybin.conf')], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(line => line !== '');
}

test('the filter of fail2ban finds refused logins of every API with the address, and nothing else', async ({
  program,
  skip,
}) => {
  need('fail2ban-regex', '--version', skip);
  const settings = {
    APP_LOG_CLIENT_ADDRESS: 'true',
    SECURITY_FAILURES_PER_PAIR: '1000',
    APP_TRUSTED_PROXIES: '127.0.0.1',
  };
  const server = await program.start({ settings });
  await server.register('ann');
  const wrong = { username: 'ann', password: 'wrong-password' };
  const refused: readonly [path: string, body: object][] = [
    ['/token', wrong],
    ['/api/v1/auth/token', wrong],
    ['/api/client/pair', { login: 'ann', password: wrong.password, device_name: 'desk' }],
    ['/api/auth/test', wrong],
    ['/api/v1/auth/login', wrong],
    ['/api/v1/device/register', { name: 'desk', ...wrong }],
    ['/admin/login', wrong],
  ];
  const from = (address: string) => ({ 'X-Forwarded-For': address, 'Content-Type': 'application/json' });
  for (const [i, [path, body]] of refused.entries()) {
    await server.request('POST', path, body, from(`192.0.2.${i}`));
    // Of the same client what is no refused login.
    await server.request('GET', '/user/me/keys', undefined, from('198.51.100.1'));
    await server.request('GET', '/nowhere', undefined, from('198.51.100.1'));
    await server.request('POST', path, '{"client":"198.51.100.2"', from('198.51.100.1'));
  }
  await server.request('DELETE', '/unregister', wrong, from('2001:db8::1'));
  await server.token('ann');
  await server.stop();
  expect(await found(program, server.stdout)).toEqual(
    [...refused.keys()].map(i => `192.0.2.${i}`).concat('2001:db8::1'),
  );
});
