import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { optionList } from '../../src/config/options.ts';
import { renderReference } from '../../src/config/render/render.ts';
import { emptyFolder, loadText, problemsOf } from './load-text.ts';

/** Loads `store.cfg` below `etc` of a folder that holds the files. */
async function loadBeside(files: Record<string, string>, text: string, environment: Record<string, string> = {}) {
  const directory = await emptyFolder();
  await mkdir(join(directory, 'etc'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  await writeFile(join(directory, 'etc/store.cfg'), text);
  return loadConfig({ file: 'etc/store.cfg', environment, directory });
}

describe('<key>_file in the file', () => {
  it('gives a secret from a file, relative to the working directory, without the line break at its end', async () => {
    const { config, origins, warnings } = await loadBeside(
      { host: 'mongodb://u:p;%23@h/ ; x\r\n', pass: ' s3cret \n\n', jwt: 'x'.repeat(32) },
      '[STORE]\nhost_file=host\n[ADMIN]\nusername=root\npassword_file=./pass\n[SIMPLE_SYNC]\nJWT_Secret_File=jwt ; x\n',
    );
    expect(config.STORE.host).toBe('mongodb://u:p;%23@h/ ; x');
    expect(config.ADMIN.password).toBe(' s3cret \n');
    expect(config.SIMPLE_SYNC.jwt_secret).toBe('x'.repeat(32));
    expect(origins.get('[STORE] host')).toBe('etc/store.cfg:2');
    expect(warnings).toEqual([]);
  });

  it.each(['host=file:./a\nhost_file=one\n', 'host_file=one\nhost=file:./a\n'])(
    'beside the value itself is a problem that names both: %j',
    async lines => {
      const problems = await problemsOf(loadBeside({ one: 'file:./b' }, `[STORE]\n${lines}`));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^etc\/store\.cfg:3: /);
      expect(problems[0]).toMatch(/ in line 2, .* are both given; expected one of them$/);
      expect(problems[0]).toMatch(/\[STORE\] host\b(?!_)/);
      expect(problems[0]).toMatch(/\[STORE\] host_file\b/);
    },
  );

  it('that cannot be read, or is empty, is a problem', async () => {
    const load = (path: string) => problemsOf(loadBeside({ blank: '\n' }, `[STORE]\nhost_file=${path}\n`));
    const place = 'etc/store.cfg:2: [STORE] host_file';
    expect(await load('gone')).toEqual([`${place} names "gone", which does not exist`]);
    expect(await load('etc')).toEqual([`${place} names "etc", which is a folder; expected a file`]);
    expect(await load('blank')).toEqual([`${place} names "blank", which is empty`]);
    expect(await load('')).toEqual([`${place} is empty; expected the path of a file`]);
  });

  it('is not looked at when the environment gives the option', async () => {
    const { config } = await loadBeside({}, '[STORE]\nhost_file=gone\n', { KEYBIN_STORE_HOST: 'file:./a' });
    expect(config.STORE.host).toBe('file:./a');
  });

  it('shows no secret when the value in the file is wrong', async () => {
    const text = '[STORE]\nhost_file=one\n[SIMPLE_SYNC]\njwt_secret_file=two\n';
    const problems = await problemsOf(loadBeside({ one: 'mongodb://ann:s3cret@h:port/', two: 's3cret' }, text));
    expect(problems).toEqual([
      expect.stringContaining('etc/store.cfg:2: [STORE] host: found "mongodb://***:***@h:port/"'),
      'etc/store.cfg:4: [SIMPLE_SYNC] jwt_secret: found "****", expected at least 32 characters; empty is none',
    ]);
  });

  it('is for secrets only', async () => {
    const { warnings } = await loadText('[STORE]\ndatabase_file=one\n[APP]\nport_file=two\n');
    expect(warnings).toEqual([
      'store.cfg:2: [STORE] database_file is not known and is ignored; did you mean database?',
      'store.cfg:4: [APP] port_file is not known and is ignored',
    ]);
  });
});

it('every secret is called one in the documents', () => {
  const secret = optionList.filter(({ option }) => option.mask).map(({ name }) => name);
  expect(secret).toEqual([
    '[STORE] host',
    '[ADMIN] password',
    '[MAIL] url',
    '[PUNCH_KEYS]',
    '[SIMPLE_SYNC] jwt_secret',
    '[METRICS] token',
    '[PLUGIN]',
  ]);
  expect(renderReference().match(/ Secret\. \|$/gm)).toHaveLength(secret.length);
});
