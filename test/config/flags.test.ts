import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Flags, readFlags } from '../../src/config/flags.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { emptyFolder, problemsOf } from './load-text.ts';

async function loadFlags(flags: Flags, { text = '', environment = {} } = {}): Promise<LoadedConfig> {
  const directory = await emptyFolder();
  await writeFile(join(directory, 'store.cfg'), text);
  const source = await readFlags(flags, async () => Buffer.of(), directory);
  return loadConfig({ environment, flags: source, directory });
}

describe('the flags of the address and the folder', () => {
  it('win over the environment and the file, and the origins name them', async () => {
    const { config, origins, warnings } = await loadFlags(
      { listen: '::', port: '47732', data: './server-data' },
      {
        text: '[APP]\nhost=0.0.0.0\nport=1\n[STORE]\nhost=mongodb://db/\n',
        environment: { KEYBIN_APP_PORT: '2', KEYBIN_STORE_HOST: 'file:./elsewhere' },
      },
    );
    expect([config.APP.host, config.APP.port, config.STORE.host]).toEqual(['::', 47_732, 'file:./server-data']);
    expect(Object.fromEntries(origins)).toEqual({
      '[APP] host': '--listen',
      '[APP] port': '--port',
      '[STORE] host': '--data',
    });
    expect(warnings).toEqual([]);
  });

  it('leave what they do not name as it is', async () => {
    const { config } = await loadFlags({ port: '8080' }, { text: '[APP]\nhost=0.0.0.0\n' });
    expect([config.APP.host, config.APP.port, config.STORE.host]).toEqual(['0.0.0.0', 8080, 'file:./data']);
  });

  it('are checked as the options are, each problem under the name of its flag', async () => {
    expect(await problemsOf(loadFlags({ listen: 'http://x', port: '99999', data: '//x' }))).toEqual([
      expect.stringMatching(/^--listen: \[APP\] host: found "http:\/\/x", expected an IP address or a host name/),
      '--port: [APP] port: found "99999", expected an integer from 0 to 65535',
      expect.stringMatching(/^--data: \[STORE\] host: found "file:\/\/x", expected/),
    ]);
  });

  it('a folder does not go with the name of a MongoDB database', async () => {
    const text = '[STORE]\nhost=mongodb://db/\ndatabase=other\n';
    expect(await problemsOf(loadFlags({ data: 'x' }, { text }))).toEqual([
      expect.stringContaining('which the embedded engine of [STORE] host would ignore'),
    ]);
  });

  it('may be of any folder name', async () => {
    expect((await loadFlags({ data: '/srv/a b;#"c' })).config.STORE.host).toBe('file:/srv/a b;#"c');
  });
});
