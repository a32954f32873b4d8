import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Flags, readFlags } from '../../src/config/flags.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { renderEffective } from '../../src/config/render/render.ts';
import { emptyFolder, loadEnvironment, loadText, problemsOf } from './load-text.ts';

const BOTH = '[ADMIN]\nusername=root\npassword=s3cret-of-file\n';

async function loadFlags(
  flags: Flags,
  { text = '', environment = {}, input = '' as string | Uint8Array } = {},
): Promise<LoadedConfig> {
  const directory = await emptyFolder();
  await writeFile(join(directory, 'store.cfg'), text);
  await writeFile(join(directory, 'secret'), 's3cret in a file \r\n');
  await writeFile(join(directory, 'blank'), '\n');
  const source = await readFlags(flags, async () => Buffer.from(input), directory);
  return loadConfig({ environment, flags: source, directory });
}

describe('[ADMIN]', () => {
  it('is none by default', async () => {
    expect((await loadText('')).config.ADMIN).toEqual({ username: '', password: '' });
  });

  it('takes what an account may have', async () => {
    const { config, warnings } = await loadText(`[ADMIN]\nusername=Jörg Ä.\npassword=${'x'.repeat(1024)}\n`);
    expect(config.ADMIN).toEqual({ username: 'Jörg Ä.', password: 'x'.repeat(1024) });
    expect(warnings).toEqual([]);
  });

  it('refuses what an account may not have', async () => {
    const text = `[ADMIN]\nusername="a\\u0007"\npassword=${'ä'.repeat(513)}\n`;
    expect(await problemsOf(loadText(text))).toEqual([
      'store.cfg:2: [ADMIN] username: found "a\\u0007", expected 1 to 128 characters without control characters; empty is none',
      'store.cfg:3: [ADMIN] password: found "****", expected 1 to 1024 bytes of UTF-8; empty is none',
    ]);
    expect(await problemsOf(loadText(`[ADMIN]\nusername=${'x'.repeat(129)}\npassword=s3cret`))).toHaveLength(1);
  });

  it('a name without a password is a problem that says all the ways to give one', async () => {
    const [problem = '', ...more] = await problemsOf(loadText('[ADMIN]\nusername=root\n'));
    expect(more).toEqual([]);
    expect(problem).toMatch(/^store\.cfg:2: \[ADMIN\] username: found "root", which needs \[ADMIN\] password: /);
    expect(problem).toMatch(/password or password_file .* KEYBIN_ADMIN_PASSWORD or KEYBIN_ADMIN_PASSWORD_FILE/);
    for (const flag of ['--admin-pass-file', '--admin-pass-stdin', '--admin-pass']) expect(problem).toContain(flag);
  });

  it('a password without a name is a problem that does not show it', async () => {
    expect(await problemsOf(loadEnvironment({ KEYBIN_ADMIN_PASSWORD: 's3cret-one' }))).toEqual([
      'KEYBIN_ADMIN_PASSWORD: [ADMIN] password: needs [ADMIN] username: give username in the file, KEYBIN_ADMIN_USERNAME, or --admin-user',
    ]);
  });

  it('one of both that is wrong by itself is the only problem', async () => {
    const unreadable = await problemsOf(loadText('[ADMIN]\nusername=root\npassword_file=gone\n'));
    expect(unreadable).toEqual(['store.cfg:3: [ADMIN] password_file names "gone", which does not exist']);
    expect(await problemsOf(loadText('[ADMIN]\nusername="\\u0000"\npassword=s3cret-one\n'))).toHaveLength(1);
  });

  it('a password of fewer than 8 characters is warned about', async () => {
    const short = await loadText('[ADMIN]\nusername=root\npassword=ääääää7\n');
    expect(short.warnings).toEqual([
      'store.cfg:3: [ADMIN] password: it has fewer than 8 characters and may be guessed',
    ]);
    expect((await loadText('[ADMIN]\nusername=root\npassword=ääääää78\n')).warnings).toEqual([]);
  });

  it('is shown without the password', async () => {
    const { config, origins } = await loadText(BOTH);
    const shown = renderEffective(config, origins);
    expect(shown).toContain('[ADMIN]\nusername=root ; store.cfg:2\npassword=**** ; store.cfg:3\n');
    expect(shown).not.toContain('s3cret');
    expect(renderEffective((await loadText('')).config)).toContain('[ADMIN]\nusername=\npassword=\n');
  });
});

describe('the flags of the admin', () => {
  it('win over the environment and the file, and the origins name them', async () => {
    const { config, origins } = await loadFlags(
      { adminUser: 'flag', adminPassFile: 'secret' },
      { text: BOTH, environment: { KEYBIN_ADMIN_USERNAME: 'env', KEYBIN_ADMIN_PASSWORD: 's3cret-of-env' } },
    );
    expect(config.ADMIN).toEqual({ username: 'flag', password: 's3cret in a file ' });
    expect(Object.fromEntries(origins)).toEqual({
      '[ADMIN] username': '--admin-user',
      '[ADMIN] password': '--admin-pass-file',
    });
  });

  it('may complete what the file gives', async () => {
    expect((await loadFlags({ adminUser: 'flag' }, { text: BOTH })).config.ADMIN).toEqual({
      username: 'flag',
      password: 's3cret-of-file',
    });
    expect(await problemsOf(loadFlags({ adminPassFile: 'secret' }))).toEqual([
      expect.stringContaining('--admin-pass-file: [ADMIN] password: needs [ADMIN] username'),
    ]);
  });

  it('hide what is wrong in the file: that is not in force', async () => {
    const text = '[ADMIN]\nusername=root\npassword_file=gone\n';
    expect((await loadFlags({ adminPassFile: 'secret' }, { text })).config.ADMIN.password).toBe('s3cret in a file ');
  });

  it('--admin-pass is warned about: others see it', async () => {
    const { config, warnings } = await loadFlags({ adminUser: 'root', adminPass: 's3cret of mine' });
    expect(config.ADMIN.password).toBe('s3cret of mine');
    expect(warnings).toEqual([expect.stringMatching(/^--admin-pass: .*--admin-pass-file and --admin-pass-stdin$/)]);
  });

  it.each([
    ['s3cret on input\n', 's3cret on input'],
    ['s3cret on input\r\n', 's3cret on input'],
    ['s3cret\non input\n\n', 's3cret\non input\n'],
    [' s3cret on input ', ' s3cret on input '],
  ])('--admin-pass-stdin takes all of %j but one line break at its end', async (input, password) => {
    const { config, origins, warnings } = await loadFlags({ adminUser: 'root', adminPassStdin: true }, { input });
    expect(config.ADMIN.password).toBe(password);
    expect(origins.get('[ADMIN] password')).toBe('--admin-pass-stdin');
    expect(warnings).toEqual([]);
  });

  it('a password that cannot be read is one problem among the others', async () => {
    const load = (flags: Flags, input?: Uint8Array) =>
      problemsOf(loadFlags({ adminUser: 'root', ...flags }, { text: '[APP]\nport=x\n', ...(input && { input }) }));
    const port = expect.stringContaining('[APP] port');
    const file = '--admin-pass-file names';
    expect(await load({ adminPassFile: 'gone' })).toEqual([port, `${file} "gone", which does not exist`]);
    expect(await load({ adminPassFile: 'blank' })).toEqual([port, `${file} "blank", which is empty`]);
    const input = '--admin-pass-stdin: the standard input';
    expect(await load({ adminPassStdin: true })).toEqual([port, `${input} is empty`]);
    expect(await load({ adminPassStdin: true }, Uint8Array.of(0xff))).toEqual([port, `${input} is not UTF-8 text`]);
  });

  it('are plain data that another process can be sent', async () => {
    const flags = { adminUser: 'root', adminPass: 's3cret of mine' };
    const source = await readFlags(flags, async () => Buffer.of());
    expect(JSON.parse(JSON.stringify(source))).toEqual(source);
  });
});
