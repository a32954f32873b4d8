import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { emptyFolder, loadEnvironment, loadText, problemsOf } from './load-text.ts';

describe('KEYBIN_<SECTION>_<KEY>', () => {
  it('may be a word where the option has one: `auto` is a worker for each core', async () => {
    const { config } = await loadEnvironment({ KEYBIN_APP_WORKERS: 'Auto' });
    expect(config.APP.workers).toBe(availableParallelism());
    expect(await problemsOf(loadEnvironment({ KEYBIN_APP_WORKERS: 'many' }))).toEqual([
      expect.stringContaining('an integer from 1 to 64, or `auto`'),
    ]);
  });

  it('wins over the file, and the origins say so', async () => {
    const text = '[APP]\nport=81\nworkers=2\n';
    const { config, origins, warnings } = await loadText(text, {
      KEYBIN_APP_PORT: ' 82 ',
      KEYBIN_KEYBIN_ENABLED: 'no',
    });
    expect(config.APP).toMatchObject({ port: 82, workers: 2 });
    expect(config.KEYBIN.enabled).toBe(false);
    expect(Object.fromEntries(origins)).toEqual({
      '[APP] port': 'KEYBIN_APP_PORT',
      '[APP] workers': 'store.cfg:3',
      '[KEYBIN] enabled': 'KEYBIN_KEYBIN_ENABLED',
    });
    expect(warnings).toEqual([]);
  });

  it('hides what is wrong with the same option in the file: that is not in force', async () => {
    const { config } = await loadText('[APP]\nport=x\n', { KEYBIN_APP_PORT: '82' });
    expect(config.APP.port).toBe(82);
  });

  it('takes a value as it is: comments and quotes are for the file', async () => {
    const { config } = await loadEnvironment({ KEYBIN_STORE_HOST: 'file:./a ; "b" # c' });
    expect(config.STORE.host).toBe('file:./a ; "b" # c');
  });

  it('an empty one is a problem', async () => {
    expect(await problemsOf(loadEnvironment({ KEYBIN_APP_PORT: '' }))).toEqual([
      'KEYBIN_APP_PORT: [APP] port: found nothing, expected an integer from 0 to 65535',
    ]);
  });

  it('one that is not known is warned about with the nearest known name', async () => {
    const { warnings } = await loadEnvironment({
      KEYBIN_APP_PROT: '1',
      KEYBIN_STORE_TOKEN_EXPIRE: '1',
      KEYBIN_SOMETHING_ELSE_ENTIRELY: '1',
      KEYBIN_APP_PORT_FILE: '1',
      KEYBIN_BUILD_COMMIT: 'abc',
      OTHER_APP_PORT: '1',
    });
    expect(warnings).toEqual([
      'KEYBIN_APP_PROT is not known and is ignored; did you mean KEYBIN_APP_PORT?',
      'KEYBIN_STORE_TOKEN_EXPIRE is not known and is ignored; did you mean KEYBIN_STORE_TOKEN_EXPIRATION?',
      'KEYBIN_SOMETHING_ELSE_ENTIRELY is not known and is ignored',
      'KEYBIN_APP_PORT_FILE is not known and is ignored; did you mean KEYBIN_APP_PORT?',
    ]);
  });

  it('what Kubernetes sets beside a service called keybin is left alone', async () => {
    const { warnings } = await loadEnvironment({
      KEYBIN_SERVICE_HOST: '10.0.0.1',
      KEYBIN_SERVICE_PORT: '5000',
      KEYBIN_SERVICE_PORT_HTTP: '5000',
      KEYBIN_PORT: 'tcp://10.0.0.1:5000',
      KEYBIN_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
      KEYBIN_PORT_5000_TCP_ADDR: '10.0.0.1',
    });
    expect(warnings).toEqual([]);
  });
});

describe('KEYBIN_<SECTION>_<KEY>_FILE', () => {
  it('gives a secret from a file, without the line break at its end, over the configuration file', async () => {
    const directory = await emptyFolder();
    await writeFile(join(directory, 'host'), 'mongodb://u:p;%23@h/ ; x\r\n');
    await writeFile(join(directory, 'store.cfg'), '[STORE]\nhost=file:./a\n');
    const loaded = await loadConfig({ environment: { KEYBIN_STORE_HOST_FILE: 'host' }, directory });
    expect(loaded.config.STORE.host).toBe('mongodb://u:p;%23@h/ ; x');
    expect(loaded.origins.get('[STORE] host')).toBe('KEYBIN_STORE_HOST_FILE');
    expect(loaded.warnings).toEqual([]);
  });

  it('that cannot be read is a problem', async () => {
    const directory = await emptyFolder();
    await mkdir(join(directory, 'folder'));
    const load = (path: string) => loadConfig({ environment: { KEYBIN_STORE_HOST_FILE: path }, directory });
    expect(await problemsOf(load('gone'))).toEqual(['KEYBIN_STORE_HOST_FILE names "gone", which does not exist']);
    expect(await problemsOf(load('folder'))).toEqual([
      'KEYBIN_STORE_HOST_FILE names "folder", which is a folder; expected a file',
    ]);
    expect(await problemsOf(load(''))).toEqual(['KEYBIN_STORE_HOST_FILE is empty; expected the path of a file']);
  });

  it('beside the variable itself is a problem', async () => {
    const both = { KEYBIN_STORE_HOST: 'file:./a', KEYBIN_STORE_HOST_FILE: 'host' };
    expect(await problemsOf(loadEnvironment(both))).toEqual([
      'KEYBIN_STORE_HOST and KEYBIN_STORE_HOST_FILE are both given; expected one of them',
    ]);
  });

  it('names the variable when the value in it is wrong, and shows no secret', async () => {
    const directory = await emptyFolder();
    await writeFile(join(directory, 'host'), 'mongodb://ann:s3cret@h:port/\n');
    const loading = loadConfig({ environment: { KEYBIN_STORE_HOST_FILE: 'host' }, directory });
    const [problem = ''] = await problemsOf(loading);
    expect(problem).toContain('KEYBIN_STORE_HOST_FILE: [STORE] host: found "mongodb://***:***@h:port/"');
    expect(problem).not.toContain('s3cret');
  });
});
