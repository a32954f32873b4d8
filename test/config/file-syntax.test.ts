import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/load.ts';
import { buildConfig, options, sections } from '../../src/config/options.ts';
import { renderEffective } from '../../src/config/render/render.ts';
import { loadText, problemsOf } from './load-text.ts';

async function storeHost(line: string): Promise<string> {
  return (await loadText(`[STORE]\n${line}\n`)).config.STORE.host;
}

/** The value of a text option that takes nearly everything: a folder. */
async function folder(written: string): Promise<string> {
  return storeHost(`host=${written}`);
}

describe('the original file', () => {
  it('loads unchanged, comments and debug included', async () => {
    const { config, warnings } = await loadText(
      [
        '[APP]',
        'host=0.0.0.0          ; address to listen on',
        'port=5000',
        'debug=True             ; verbose log, never internals in answers',
        '',
        '[STORE]',
        'host = mongodb://127.0.0.1:27017/   ; or file:./data (embedded engine, the default)',
        'database=store',
        'store_collection=store',
        'users_collection=users',
        'token_collection=tokens',
        'token_expiration=300    ; seconds',
      ].join('\n'),
    );
    expect(warnings).toEqual([]);
    expect(config.APP).toMatchObject({ host: '0.0.0.0', port: 5000, debug: true });
    expect(config.STORE).toEqual({
      host: 'mongodb://127.0.0.1:27017/',
      database: 'store',
      store_collection: 'store',
      users_collection: 'users',
      token_collection: 'tokens',
      token_expiration: 300,
    });
  });

  it('may separate with a colon, in any letter case of sections and keys', async () => {
    const { config, warnings } = await loadText('[app]\nPort: 81\n[Store]\nHOST: mongodb://a:1,b:2/?replicaSet=r\n');
    expect(config.APP.port).toBe(81);
    expect(config.STORE.host).toBe('mongodb://a:1,b:2/?replicaSet=r');
    expect(warnings).toEqual([]);
  });

  it('may double the % of a connection string, as its parser demands', async () => {
    expect(await storeHost('host=mongodb://u:p%%40ss@h/')).toBe('mongodb://u:p%40ss@h/');
    expect(await storeHost('host=file:./100%%')).toBe('file:./100%%');
  });

  it('may have a byte order mark, CRLF and no line break at the end', async () => {
    expect((await loadText('\uFEFF[APP]\r\nport=81\r\n; x\r\ndebug=on')).config.APP).toMatchObject({
      port: 81,
      debug: true,
    });
  });

  it('may have indented lines and spaces around everything', async () => {
    expect((await loadText('  [ APP ]  ; process\n\t port \t=\t 81 \t# x\n')).config.APP.port).toBe(81);
  });
});

describe('values', () => {
  it.each([
    ['file:./a;b', 'file:./a;b'],
    ['file:./a#b', 'file:./a#b'],
    ['file:./a;b#c ; comment', 'file:./a;b#c'],
    ['file:./a b', 'file:./a b'],
    ['file:./a\t# comment', 'file:./a'],
    ['file:./a=b:c', 'file:./a=b:c'],
    ['file:./a \\; b', 'file:./a ; b'],
    ['file:./a \\# b', 'file:./a # b'],
    ['file:./a\\\\;b', 'file:./a\\;b'],
    ['file:C:\\data', 'file:C:\\data'],
    ['"file:./a ; b"', 'file:./a ; b'],
    ['"file:./a ; b" ; comment', 'file:./a ; b'],
    ['"file:./\\"a\\" \\u00e9"', 'file:./"a" é'],
    ["'file:./a ; \"b\\'", 'file:./a ; "b\\'],
    ['file:./it\'s "x"', 'file:./it\'s "x"'],
  ])('%s is %s', async (written, value) => {
    expect(await folder(written)).toBe(value);
  });

  it('a password with ; and # is never cut off', async () => {
    expect(await storeHost('host=mongodb://u:a;b@h/ # production')).toBe('mongodb://u:a;b@h/');
    expect(await storeHost('host=mongodb://u:;@h/')).toBe('mongodb://u:;@h/');
  });

  it('stay text, whatever they look like', async () => {
    const text =
      "[STORE]\ndatabase='007'\nusers_collection=null\ntoken_collection=true\nstore_collection=1\nhost=mongodb://h\n";
    const { STORE } = (await loadText(text)).config;
    expect(STORE).toMatchObject({
      database: '007',
      users_collection: 'null',
      token_collection: 'true',
      store_collection: '1',
    });
  });

  it.each(['"file:./a', "'file:./a", '"file:./a" b', '"file:\\x"', '"'])(
    '%s is a problem: the quotes do not match',
    async written => {
      expect(await problemsOf(loadText(`[STORE]\nhost=${written}\n`))).toEqual([
        'store.cfg:2: the quotes around the value of host do not match',
      ]);
    },
  );
});

describe('lines that cannot be read', () => {
  it('are all named by their number and never quoted: they may hold a secret', async () => {
    const text = 'port=1\n[APP\n[APP]\nhost s3cret\n  mongodb+srv s3cret@x\nkey[]=1\n= s3cret\n[]\n[a b]\nport=2';
    const problems = await problemsOf(loadText(text));
    expect(problems.join('\n')).not.toContain('s3cret');
    const unreadable = 'expected `[SECTION]`, `key=value`, or a comment after `;` or `#`';
    expect(problems).toEqual([
      'store.cfg:1: port stands before the first [SECTION]',
      ...[2, 4, 5, 6, 7, 8, 9].map(line => `store.cfg:${line}: ${unreadable}`),
    ]);
  });

  it('a key given twice is a problem that names both lines', async () => {
    expect(await problemsOf(loadText('[APP]\nport=1\n[STORE]\nhost=file:./a\n[app]\nPORT=2\n'))).toEqual([
      'store.cfg:6: [APP] port is given twice, first in line 2',
    ]);
  });

  it('a section may be continued', async () => {
    const { config } = await loadText('[APP]\nport=1\n[STORE]\nhost=file:./a\n[APP]\ndebug=on\n');
    expect(config.APP).toMatchObject({ port: 1, debug: true });
  });
});

describe('names that are not known', () => {
  it('are warned about once each, with the nearest known name, and ignored', async () => {
    const { config, warnings } = await loadText(
      '[APP]\nprot=81\nxyzzy=1\ntoken_expiration=9\n[STOER]\nhost=x\nother=y\n[quite_another]\na=b\n[STOER]\nthird=z\n',
    );
    expect(config.APP.port).toBe(5000);
    expect(warnings).toEqual([
      'store.cfg:5: section [STOER] is not known and is ignored; did you mean STORE?',
      'store.cfg:8: section [QUITE_ANOTHER] is not known and is ignored',
      'store.cfg:2: [APP] prot is not known and is ignored; did you mean port?',
      'store.cfg:3: [APP] xyzzy is not known and is ignored',
      'store.cfg:4: [APP] token_expiration is not known and is ignored; did you mean [STORE] token_expiration?',
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'a.b'])('%s is not known', async name => {
    const { config, warnings } = await loadText(`[APP]\n${name}=1\n[${name}]\nport=1\n`);
    expect(warnings).toHaveLength(2);
    expect(config.APP.port).toBe(5000);
    expect(Object.keys(config)).toEqual(Object.keys(sections));
  });
});

describe('any text', () => {
  it('as a file loads or is refused, and breaks nothing', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^ ?\[?(APP|store)\]? ?[;#]?$/),
      fc.stringMatching(/^(host|port) ?[=:] ?["']?[\\;#x ]*["']?$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), async lines => {
        const outcome = await loadText(lines.join('\n')).catch((error: unknown) => error);
        return (
          outcome instanceof ConfigError || (typeof outcome === 'object' && outcome !== null && 'config' in outcome)
        );
      }),
      { numRuns: 200 },
    );
  });

  it('as a folder survives being printed and loaded again', async () => {
    const name = fc
      .oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\;#"' \tx]+$/))
      .map(text => `file:${text.toWellFormed()}`)
      .filter(host => options.STORE.host.parse(host) === host);
    await fc.assert(
      fc.asyncProperty(name, async host => {
        const config = buildConfig(({ name, option }) => (name === '[STORE] host' ? host : option.default));
        return (await loadText(renderEffective(config))).config.STORE.host === host;
      }),
      { numRuns: 300 },
    );
  });
});
