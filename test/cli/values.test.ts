import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forEachEngine, needs } from '../support/engines.ts';
import { atServer } from './at-server.ts';
import { atTerminal } from './terminal.ts';

forEachEngine('values on the command line', engine => {
  const at = atServer(engine);

  it('are stored, read, listed, counted, and removed', async () => {
    const ann = await at.account();
    await ann.done('set', 'a/greeting', 'hello', '--meta', 'from=ann', '--ttl', '1h');
    expect(await ann.done('get', 'a/greeting')).toBe('hello');
    expect(await ann.run(['set', 'a/piped'], { input: 'one\ntwo\n' })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await ann.done('incr', 'n', '5')).toBe('5\n');
    expect(await ann.done('incr', 'n', '-7', '--json')).toBe('{"key":"n","value":-2}\n');
    expect(await ann.done('ls')).toBe('a/greeting\na/piped\nn\n');
    expect(await ann.done('ls', '--folders')).toBe('a/\nn\n');
    expect((await ann.done('ls', 'a/', '--long')).split('\n')[1]).toMatch(
      /^a\/piped\t8\t\d{4}-\d\d-\d\dT[\d:]+Z\t-\ttext\/plain; charset=utf-8$/,
    );
    const info = JSON.parse(await ann.done('info', 'a/greeting', '--json'));
    expect(info).toMatchObject({ key: 'a/greeting', size: 5, meta: { from: 'ann' } });
    expect(Date.parse(info.expires_at) - Date.now()).toBeGreaterThan(3_000_000);
    await ann.done('touch', 'a/greeting', '--never');
    expect(JSON.parse(await ann.done('get', 'a/greeting', '--json'))).toMatchObject({
      value: 'hello',
      expires_at: null,
    });
    const removed = await ann.run(['rm', 'nothing', 'n']);
    expect(removed).toMatchObject({ code: 3, stderr: 'keybin: there is no nothing; keybin ls lists what there is\n' });
    expect((await ann.run(['rm', '--prefix', 'a/'])).code).toBe(2);
    expect((await ann.run(['rm', '--prefix', 'a/', '--yes'])).stderr).toBe('removed 2 values\n');
    expect(await ann.done('ls', '--json')).toBe('[]\n');
  });

  it('of 16 MiB come out as they went in, by files and by pipes', async context => {
    needs(context, engine, 'explain'); // without indexes each piece of a content is looked for among all
    const ann = await at.account();
    const bytes = randomBytes(16 * 1024 * 1024);
    await writeFile(join(ann.folder, 'in.bin'), bytes);
    await ann.done('set', 'large', '@in.bin');
    await ann.done('get', 'large', '-o', 'out.bin');
    expect(bytes.equals(await readFile(join(ann.folder, 'out.bin')))).toBe(true);
    await ann.shell('keybin get large | keybin set copy');
    const { bytes: copy } = await ann.run(['get', 'copy']);
    expect(bytes.equals(copy)).toBe(true);
    expect((await readdir(ann.folder)).sort()).toEqual(['in.bin', 'out.bin']);
    const { code, screen } = await atTerminal('keybin get large', [], { environment: ann.environment });
    expect(code).toBe(1);
    expect(screen).toContain('keybin: large is no text (16777216 bytes, application/octet-stream)');
  });

  it('are written only when a condition is met, with 3 otherwise', async () => {
    const ann = await at.account();
    await ann.done('set', 'k', 'one', '--if-absent');
    const { etag } = JSON.parse(await ann.done('info', 'k', '--json'));
    expect((await ann.run(['set', 'k', 'two', '--if-absent'])).code).toBe(3);
    // Without its quotes, as a shell leaves it.
    await ann.done('set', 'k', 'two', '--if-match', etag.replaceAll('"', ''));
    expect((await ann.run(['rm', 'k', '--if-match', etag])).code).toBe(3);
    expect((await ann.run(['touch', 'nothing', '--ttl', '5m'])).code).toBe(3);
    expect(await ann.done('get', 'k')).toBe('two');
  });

  it('that fail say so in one sentence, and how to go on', async () => {
    const ann = await at.account();
    await ann.done('set', 'k', 'v');
    const stderr = async (line: string, environment = {}) => {
      const ran = await ann.shell(line, { environment });
      return `${ran.code} ${ran.stderr}`;
    };
    expect(await stderr('keybin get nothing')).toBe('3 keybin: there is no nothing; keybin ls lists what there is\n');
    expect(await stderr('keybin get k', { KEYBIN_TOKEN: 'kb_wrong' })).toMatch(
      /^4 keybin: the token .*; sign in with keybin login\n$/,
    );
    expect(await stderr('keybin get k', { KEYBIN_URL: 'http://127.0.0.1:9' })).toMatch(
      /^1 keybin: no answer from http:\/\/127.0.0.1:9; look whether the server runs/,
    );
    expect(await stderr('keybin get "a key"')).toMatch(/^2 keybin: key: expected [^\n]*; see keybin get --help\n$/);
    expect(await stderr('keybin set k @nothing')).toBe('1 keybin: nothing: no such file or directory\n');
    expect(await stderr('keybin get k > /dev/full')).toMatch(
      /^1 keybin: the output cannot be written: ENOSPC[^\n]*\n$/,
    );
    expect(await stderr('keybin get k -o /dev/full')).toMatch(/^1 keybin: [^\n]*no space left on device[^\n]*\n$/);
    expect(await stderr('set -o pipefail; keybin ls --json | true')).toMatch(/^[01] $/);
  });
});
