import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { HELP } from '../../../src/config/arguments.ts';
import { commands } from '../../../src/process/commands/list.ts';
import { test } from '../../support/process.ts';

describe('the commands of keybin-server', () => {
  test('are all named by --help', () => {
    for (const name of Object.keys(commands)) expect(HELP).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('config prints the values in force; config init writes a file that the server takes', async ({ program }) => {
    const made = await program.run(['config', 'init', 'new.cfg']);
    expect([made.code, made.stdout]).toEqual([0, '']);
    const file = join(program.folder, 'new.cfg');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [printed, again, bare] = await Promise.all([
      program.run(['config', 'init', '-']),
      program.run(['config', 'init', 'new.cfg']),
      program.run(['--check-config', '--config', 'new.cfg']),
    ]);
    expect(printed.stdout).toBe(await readFile(file, 'utf8'));
    expect(printed.stdout).toBe(await readFile('store.cfg.example', 'utf8'));
    expect([again.code, again.stderr]).toEqual([
      1,
      'keybin-server: new.cfg is there already: name another file, or -\n',
    ]);
    const shown = await program.run(['config', '--config', 'new.cfg']);
    expect([shown.code, shown.stdout]).toEqual([0, bare.stdout]);
    const json = JSON.parse((await program.run(['config', '--json'], { MAIL_URL: 'smtp://ann:s3cret@mx/' })).stdout);
    expect(json).toContainEqual({ section: 'APP', key: 'port', value: '0', origin: 'KEYBIN_APP_PORT' });
    expect(JSON.stringify(json)).not.toContain('s3cret');
  });

  test('a wrong command line, and data that is not there, end with one sentence', async ({ program }) => {
    const [unknown, option, missing] = await Promise.all([
      program.run(['user', 'lst']),
      program.run(['--config', 'no.cfg', 'user', 'ls', '--jso']),
      program.run(['user', 'ls']),
    ]);
    expect([unknown.code, unknown.stderr.split('\n')[0]]).toEqual([2, "keybin-server: unknown command 'lst'"]);
    expect(option.code).toBe(2);
    expect(option.stderr).toMatch(/unknown option '--jso'[\s\S]*Try: keybin-server user --help\n$/);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      /^keybin-server: there is no data in \S+: start the server first, or say with --config FILE .*\n$/,
    );
  });

  test.runIf(process.getuid?.() === 0)('root opens no data of another user', async ({ program }) => {
    await chmod(program.folder, 0o777);
    const server = program.spawn({ uid: 65_534 });
    await server.logged(/^ready$/);
    const refused = await program.run(['user', 'ls']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('belongs to the user with the id 65534: run this as that user');
  });
});
