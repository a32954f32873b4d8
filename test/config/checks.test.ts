import { describe, expect, it } from 'vitest';
import { loadText, problemsOf } from './load-text.ts';

async function hostProblem(host: string, section = 'STORE'): Promise<string> {
  const problems = await problemsOf(loadText(`[${section}]\nhost=${host}\n`));
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

describe('[STORE] host', () => {
  it.each([
    'file:./data',
    'file:/var/lib/keybin',
    'file:///var/lib/keybin',
    'file:data@home',
    'mongodb://localhost',
    'mongodb://localhost:27017/',
    'mongodb://u:p%40@a:1,b:2,[::1]:3/db?replicaSet=r&authSource=admin',
    'mongodb://u@h/?x=a@b',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock/',
    'mongodb://h?replicaSet=r',
    'mongodb+srv://u:p@cluster.example.com/?retryWrites=true',
  ])('takes %s', async host => {
    expect((await loadText(`[STORE]\nhost=${host}`)).config.STORE.host).toBe(host);
  });

  it.each([
    ['localhost', 'for MongoDB write `mongodb://localhost:27017`'],
    ['localhost:27018', 'for MongoDB write `mongodb://localhost:27018`'],
    ['db.example/', 'for MongoDB write `mongodb://db.example/:27017`'],
    ['/var/lib/keybin', 'for a folder write `file:/var/lib/keybin`'],
    ['./data', 'for a folder write `file:./data`'],
    ['file:', 'it names no folder'],
    ['file://data/x', 'write `file:./data/x` or `file:/data/x`'],
    ['http://localhost', '`http://` is not a scheme known here'],
    ['MONGODB://localhost', '`MONGODB://` is not a scheme known here'],
    ['mongodb://', 'it names no host'],
    ['mongodb:///db', 'it names no host'],
    ['mongodb://u:p@/', 'it names no host'],
    ['mongodb://a,,b/', 'the list of hosts has an empty place'],
    ['mongodb://a:0/', '"a:0" is not `host` or `host:port`'],
    ['mongodb://a:70000,b/', '"a:70000" is not'],
    ['mongodb://a:b:c/', '"a:b:c" is not'],
    ['mongodb+srv://a,b/', 'takes one host and no port'],
    ['mongodb+srv://a:27017/', 'takes one host and no port'],
  ])('refuses %s and says: %s', async (host, hint) => {
    expect(await hostProblem(host)).toContain(hint);
  });

  it.each([
    'mongodb://ann:s3/cret@h/',
    'mongodb://ann:s3@cret@h/',
    'mongodb://ann:s3:cret@h/',
    'mongodb://ann:s3?cret@h/',
    'mongodb://ann:s3%cret@h/',
    'mongodb://ann:s3#cret@h/',
    'mongodb://ann:27017?s3cret@h/',
    'ann:s3cret@h:27017',
    'http://ann:s3cret@h',
    'mongodb://ann:s3cret@h:x/?tlsCertificateKeyFilePassword=hidden&authMechanismProperties=AWS_SESSION_TOKEN:hidden',
  ])('never shows user and password: %s', async host => {
    const problem = await hostProblem(host);
    expect(problem).not.toMatch(/ann|s3|cret|hidden/);
    expect(problem).toContain('***:***@');
  });

  it('says how to write reserved characters of a password', async () => {
    expect(await hostProblem('mongodb://ann:s3/cret@h/')).toContain('write `:` as `%3A`, `/` as `%2F`');
  });
});

describe('[APP] host', () => {
  it.each(['0.0.0.0', '::', '::1', 'localhost', 'a-b.example'])('takes %s', async host => {
    expect((await loadText(`[APP]\nhost=${host}`)).config.APP.host).toBe(host);
  });

  it.each([
    ['http://0.0.0.0', 'without a scheme'],
    ['0.0.0.0:80', 'write `host=0.0.0.0` and `port=80`'],
    ['[::]:80', 'write `host=::` and `port=80`'],
    ['[::1]', 'without brackets'],
  ])('refuses %s and says: %s', async (host, hint) => {
    expect(await hostProblem(host, 'APP')).toContain(hint);
  });
});

describe('names in the database', () => {
  it.each(['system.users', 'keybin_meta', 'blobs.files', 'a$b', '.a', 'a.', 'a..b', 'x'.repeat(101)])(
    'no collection is called %s',
    async name => {
      expect(await problemsOf(loadText(`[STORE]\nusers_collection=${name}`))).toHaveLength(1);
    },
  );

  it.each(['admin', 'local', 'config', 'a.b', 'a b', 'x'.repeat(64)])('no database is called %s', async name => {
    expect(await problemsOf(loadText(`[STORE]\nhost=mongodb://h\ndatabase=${name}`))).toHaveLength(1);
  });

  it('the three collections differ, also from the defaults of the others', async () => {
    expect(await problemsOf(loadText('[STORE]\nusers_collection=one\ntoken_collection=one\n'))).toEqual([
      'store.cfg:3: [STORE] token_collection: found "one", expected another name than that of [STORE] users_collection',
    ]);
    expect(await problemsOf(loadText('[STORE]\nstore_collection=users\n'))).toEqual([
      '[STORE] users_collection: found "users", expected another name than that of [STORE] store_collection',
    ]);
    expect(
      await problemsOf(loadText('[STORE]\nstore_collection=a\nusers_collection=a\ntoken_collection=a\n')),
    ).toHaveLength(3);
  });
});

describe('options that would be ignored', () => {
  it('a database beside the embedded engine is a problem that names the fix', async () => {
    expect(await problemsOf(loadText('[STORE]\nhost=file:./data\ndatabase=prod\n'))).toEqual([
      'store.cfg:3: [STORE] database: found "prod", which the embedded engine of [STORE] host would ignore; take it out and name the folder in host, or give a `mongodb://` host',
    ]);
    expect((await loadText('[STORE]\nhost=file:./data\ndatabase=store\n')).warnings).toEqual([]);
    expect((await loadText('[STORE]\nhost=mongodb://h\ndatabase=prod\n')).config.STORE.database).toBe('prod');
  });

  it('rules over several options wait until each is right by itself', async () => {
    const problems = await problemsOf(loadText('[STORE]\nhost=localhost\ndatabase=prod\n'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('[STORE] host');
  });

  it('a log level beside debug is warned about', async () => {
    expect((await loadText('[APP]\ndebug=on\nlog_level=warn\n')).warnings).toEqual([
      'store.cfg:3: [APP] log_level: warn has no effect while [APP] debug is on',
    ]);
    expect((await loadText('[APP]\ndebug=on\nlog_level=debug\n')).warnings).toEqual([]);
    expect((await loadText('[APP]\ndebug=on\n')).warnings).toEqual([]);
  });
});

describe('[APP] keep_prefix', () => {
  it('needs a path in [APP] public_url', async () => {
    for (const url of ['', 'public_url=https://example.org\n', 'public_url=https://example.org/\n']) {
      const [problem, ...more] = await problemsOf(loadText(`[APP]\n${url}keep_prefix=true\n`));
      expect(more).toEqual([]);
      expect(problem).toMatch(
        /store\.cfg:\d: \[APP\] keep_prefix: needs the path in \[APP\] public_url: write it there/,
      );
    }
    const { config } = await loadText('[APP]\npublic_url=https://example.org/keybin/\nkeep_prefix=true\n');
    expect([config.APP.public_url, config.APP.keep_prefix]).toEqual(['https://example.org/keybin', true]);
  });

  it.each(['https://example.org/a;b', 'https://example.org/a//b', 'https://example.org/a|b'])(
    'would be nothing a cookie can have: %s',
    async url => {
      const problems = await problemsOf(loadText(`[APP]\npublic_url=${url}\n`));
      expect(problems).toEqual([expect.stringContaining('its path may hold')]);
    },
  );
});
