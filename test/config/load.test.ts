import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartupError } from '../../src/base/errors.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { optionList, readOption } from '../../src/config/options.ts';
import { emptyFolder, loadEnvironment, loadText, problemsOf } from './load-text.ts';

describe('defaults', () => {
  it('hold without a file and without an environment', async () => {
    const { config, warnings, file, origins } = await loadEnvironment({ PATH: '/bin', HOME: '/root' });
    for (const option of optionList) expect(readOption(config, option), option.name).toEqual(option.option.default);
    expect(config.STORE.host).toBe('file:./data');
    expect(config.APP.port).toBe(5000);
    expect({ warnings, file, origins: origins.size }).toEqual({ warnings: [], file: undefined, origins: 0 });
  });

  it('are values that their own rules accept', () => {
    for (const { name, option } of optionList) {
      if (option.type === 'lines') continue;
      const text = Array.isArray(option.default) ? option.default.join(',') : String(option.default);
      expect(option.parse(text), name).toEqual(option.default);
    }
  });

  it('the configuration is frozen, lists included', async () => {
    const { config } = await loadText('[APP]\ntrusted_proxies=10.0.0.1');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.STORE)).toBe(true);
    expect(Object.isFrozen(config.APP.trusted_proxies)).toBe(true);
  });

  it('every option has one environment variable, its sections are upper case and its keys lower case', () => {
    const variables = optionList.flatMap(({ variable, option }) =>
      option.mask ? [variable, `${variable}_FILE`] : variable,
    );
    expect(new Set(variables).size).toBe(variables.length);
    for (const { section, key } of optionList) {
      expect(section).toBe(section.toUpperCase());
      expect(key).toBe(key.toLowerCase());
    }
  });
});

describe('the file', () => {
  async function folderWith(files: Record<string, string>): Promise<string> {
    const directory = await emptyFolder();
    for (const [name, port] of Object.entries(files)) await writeFile(join(directory, name), `[APP]\nport=${port}\n`);
    return directory;
  }

  it('is the argument, else KEYBIN_CONFIG, else store.cfg in the working directory', async () => {
    const directory = await folderWith({ 'a.cfg': '1', 'b.cfg': '2', 'store.cfg': '3' });
    const environment = { KEYBIN_CONFIG: 'b.cfg' };
    const argument = await loadConfig({ file: 'a.cfg', environment, directory });
    const variable = await loadConfig({ environment, directory });
    const neither = await loadConfig({ environment: {}, directory });
    expect([argument, variable, neither].map(({ config, file }) => [file, config.APP.port])).toEqual([
      ['a.cfg', 1],
      ['b.cfg', 2],
      ['store.cfg', 3],
    ]);
    expect(variable.warnings).toEqual([]);
  });

  it('may be named by an absolute path', async () => {
    const file = join(await folderWith({ 'a.cfg': '81' }), 'a.cfg');
    const { config } = await loadConfig({ file, environment: {}, directory: await emptyFolder() });
    expect(config.APP.port).toBe(81);
  });

  it('that was named and is not there is a problem that says who named it', async () => {
    const directory = await folderWith({ 'store.cfg': '3' });
    expect(await problemsOf(loadConfig({ file: 'no.cfg', environment: {}, directory }))).toEqual([
      '--config names "no.cfg", which does not exist',
    ]);
    expect(await problemsOf(loadConfig({ environment: { KEYBIN_CONFIG: 'no/no.cfg' }, directory }))).toEqual([
      'KEYBIN_CONFIG names "no/no.cfg", which does not exist',
    ]);
    expect(await problemsOf(loadConfig({ file: 'store.cfg/x', environment: {}, directory }))).toEqual([
      '--config names "store.cfg/x", which does not exist',
    ]);
  });

  it('named by an empty text is a problem', async () => {
    const directory = await emptyFolder();
    expect(await problemsOf(loadConfig({ environment: { KEYBIN_CONFIG: '' }, directory }))).toEqual([
      'KEYBIN_CONFIG is empty; expected the path of a file',
    ]);
  });

  it('that is a folder is a problem, store.cfg too', async () => {
    const directory = await emptyFolder();
    await mkdir(join(directory, 'store.cfg'));
    expect(await problemsOf(loadConfig({ environment: {}, directory }))).toEqual([
      'store.cfg is a folder; expected a file',
    ]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('without permission is a problem', async () => {
    const directory = await folderWith({ 'store.cfg': '3' });
    await chmod(join(directory, 'store.cfg'), 0);
    expect(await problemsOf(loadConfig({ environment: {}, directory }))).toEqual([
      'store.cfg may not be read by this user (permission denied)',
    ]);
  });

  it('that is not UTF-8 is a problem', async () => {
    const latin1 = Buffer.from('[APP]\n; Gr\u00fc\u00dfe\nport=1', 'latin1');
    expect(await problemsOf(loadText(latin1))).toEqual(['store.cfg is not UTF-8 text']);
  });
});

describe('problems', () => {
  it('are all reported at once, each with its place, what was found and what is expected', async () => {
    const text = '[APP]\nport=70000\ndebug=maybe\nlog_level=loud\n[STORE]\ntoken_expiration=5m\nusers_collection=a b\n';
    const loading = loadText(text, { KEYBIN_SECURITY_BCRYPT_COST: '3' });
    expect(await problemsOf(loading)).toEqual([
      'store.cfg:2: [APP] port: found "70000", expected an integer from 0 to 65535',
      'store.cfg:3: [APP] debug: found "maybe", expected true or false (also yes, no, on, off, 1, 0)',
      'store.cfg:4: [APP] log_level: found "loud", expected one of debug, info, warn, error, silent',
      'store.cfg:7: [STORE] users_collection: found "a b", expected at most 100 letters, digits, `_`, `-` and single `.` inside, not beginning with `system.`, `keybin_`, `blobs.`',
      'store.cfg:6: [STORE] token_expiration: found "5m", expected an integer from 1 to 315360000',
      'KEYBIN_SECURITY_BCRYPT_COST: [SECURITY] bcrypt_cost: found "3", expected an integer from 4 to 20',
    ]);
    const error = await loading.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartupError);
    expect(String(error)).toContain('the configuration has 6 problems:\n  store.cfg:2: [APP] port');
  });

  it('come with the warnings: a misspelt key is often the reason', async () => {
    const error = await loadText('[APP]\nport=x\n[STORE]\nhots=file:./a\n').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain('the configuration has a problem:');
    expect(String(error)).toContain('(warning) store.cfg:4: [STORE] hots is not known');
  });

  it.each(['70000', '-1', '1.5', '0x10', '1e3', '', '５', '9'.repeat(400)])('an integer is not %j', async found => {
    expect(await problemsOf(loadText(`[APP]\nport=${found}`))).toHaveLength(1);
  });

  it('quote long and strange values shortened and escaped', async () => {
    const [problem = ''] = await problemsOf(loadText(`[APP]\nport=\u0007${'x'.repeat(5000)}`));
    expect(problem.length).toBeLessThan(250);
    expect(problem).toContain('\\u0007');
  });

  it('an empty value is one, except for a list and where the default is none', async () => {
    const { config } = await loadText('[APP]\ntrusted_proxies=\n[ADMIN]\nusername=\npassword=\n');
    expect(config.APP.trusted_proxies).toEqual([]);
    expect(config.ADMIN).toEqual({ username: '', password: '' });
    const wrong = optionList.filter(({ option }) => !['list', 'lines'].includes(option.type) && option.default !== '');
    for (const { section, key, name, option } of wrong) {
      const [problem = ''] = await problemsOf(loadText(`[${section}]\n${key}=\n`));
      expect(problem).toContain(`store.cfg:2: ${name}: found nothing, expected ${option.expected}`);
    }
  });

  it.each(['yes', 'On', 'TRUE', '1'])('%s is true', async word => {
    expect((await loadText(`[APP]\ndebug=${word}`)).config.APP.debug).toBe(true);
  });

  it.each(['no', 'Off', 'False', '0'])('%s is false', async word => {
    expect((await loadText(`[KEYBIN]\nenabled=${word}`)).config.KEYBIN.enabled).toBe(false);
  });

  it.each(['constructor', '__proto__', 'null', '2', 'tru'])('%s is neither true nor false', async word => {
    expect(await problemsOf(loadText(`[APP]\ndebug=${word}`))).toHaveLength(1);
  });

  it('a list takes addresses and ranges of both families', async () => {
    const { config } = await loadText('[APP]\ntrusted_proxies=10.0.0.0/8, ::1  fd00::/8,127.0.0.1');
    expect(config.APP.trusted_proxies).toEqual(['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1']);
    for (const wrong of ['10.0.0.0/33', '::1/129', 'proxy.example', '10.0.0.1/8/8', '10.0.0.0/', '/8']) {
      expect(await problemsOf(loadText(`[APP]\ntrusted_proxies=${wrong}`)), wrong).toHaveLength(1);
    }
  });
});
