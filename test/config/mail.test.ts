import { describe, expect, it } from 'vitest';
import { planReload } from '../../src/config/reload.ts';
import { renderEffective } from '../../src/config/render/render.ts';
import { loadText, problemsOf } from './load-text.ts';

/** The one problem of a configuration. */
async function problem(text: string): Promise<string> {
  const problems = await problemsOf(loadText(text));
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

describe('[MAIL] url', () => {
  it.each([
    'smtp://localhost',
    'smtp://mail.example.org:25',
    'smtp://mail.example.org:25/',
    'smtps://ann:s3cret@mail.example.org',
    'smtps://ann%40example.org:s3%2Fcr%25et@[::1]:465',
  ])('takes %s', async url => {
    expect((await loadText(`[MAIL]\nurl=${url}`)).config.MAIL.url).toBe(url);
  });

  it('is none when it is empty', async () => {
    expect((await loadText('[MAIL]\nurl=')).config.MAIL.url).toBe('');
  });

  it.each([
    ['mail.example.org:25', 'begin it with `smtp://`'],
    ['http://mail.example.org', '`http://` is not a scheme known here'],
    ['SMTP://mail.example.org', '`SMTP://` is not a scheme known here'],
    ['smtp://', 'it names no host'],
    ['smtp://:25', 'what it names is not `host` or `host:port`'],
    ['smtp://a:0', 'what it names is not `host` or `host:port`'],
    ['smtp://a:70000', 'what it names is not `host` or `host:port`'],
    ['smtp://::1', 'what it names is not `host` or `host:port`'],
    ['smtp://a^b', 'what it names is not `host` or `host:port`'],
    ['smtp://a,b', 'what it names is not `host` or `host:port`'],
    ['smtp://a/path', 'nothing follows the host and its port'],
    ['smtps://a?pool=true', 'nothing follows the host and its port'],
    ['smtp://a#b', 'nothing follows the host and its port'],
  ])('refuses %s and says: %s', async (url, hint) => {
    expect(await problem(`[MAIL]\nurl=${url}`)).toContain(hint);
  });

  it.each([
    'smtps://ann:s3/cret@h',
    'smtps://ann:s3@cret@h',
    'smtps://ann:s3:cret@h',
    'smtps://ann:s3?cret@h',
    'smtps://ann:s3#cret@h',
    'smtps://ann:s3%cret@h',
  ])('says how to write reserved characters, and shows no user and no password: %s', async url => {
    const said = await problem(`[MAIL]\nurl=${url}`);
    expect(said).toContain('write `:` as `%3A`, `/` as `%2F`');
    expect(said).toContain('"smtps://***:***@h"');
    expect(said).not.toMatch(/ann|s3|cret/);
  });

  it.each(['smtp://ann:s3cret', 'smtp://ann:s3cret #word@h', 'smtps://ann:s3cret/'])(
    'shows nothing of what may be a login whose host was forgotten: %s',
    async url => {
      const said = await problem(`[MAIL]\nurl=${url}`);
      expect(said).toContain('found "smtp');
      expect(said).toContain('what it names is not `host` or `host:port`');
      expect(said).not.toMatch(/ann|s3cret/);
    },
  );

  it.each(['smtps://ann@h', 'smtps://ann:@h', 'smtps://:s3cret@h', 'smtps://@h'])(
    'a user has a password, and a password a user: %s',
    async url => {
      const said = await problem(`[MAIL]\nurl=${url}`);
      expect(said).toContain('give both, `user:password`');
      expect(said).not.toMatch(/ann|s3cret/);
    },
  );

  it('is shown without user and password among the values in force, the host stays', async () => {
    const shown = renderEffective((await loadText('[MAIL]\nurl=smtps://ann:s3cret@mail.example.org:465')).config);
    expect(shown).toContain('url=smtps://***:***@mail.example.org:465');
    expect(shown).not.toMatch(/ann|s3cret/);
  });
});

describe('[MAIL] directory', () => {
  it('beside a url is a problem that says what to take out', async () => {
    expect(await problemsOf(loadText('[MAIL]\nurl=smtp://h\ndirectory=./mails\n'))).toEqual([
      'store.cfg:3: [MAIL] directory: found "./mails", which the server of [MAIL] url would make useless; take directory out, or url to have mails as files',
    ]);
    expect((await loadText('[MAIL]\nurl=smtp://h\ndirectory=./outbox\n')).warnings).toEqual([]);
    expect((await loadText('[MAIL]\ndirectory=./mails\n')).config.MAIL.directory).toBe('./mails');
  });
});

describe('[MAIL] from', () => {
  it.each([
    'keybin@localhost',
    'Keybin <keybin@example.org>',
    '<keybin@example.org>',
    "Dr. K. O'Neil <k.o'neil+mail@mail.example.org>",
    'Кейбин <keybin@почта.рф>',
    '\'"Keybin, at home" <keybin@example.org>\'',
  ])('takes %s', async from => {
    const { config } = await loadText(`[MAIL]\nfrom=${from}`);
    expect(config.MAIL.from).toBe(from.replace(/^'(.*)'$/, '$1'));
  });

  it.each([
    '',
    'Keybin',
    'keybin@',
    '@example.org',
    'a@example.org, b@example.org',
    'Keybin, home <keybin@example.org>',
    'Keybin <a@example.org> <b@example.org>',
    'Keybin <a@example.org>, b@example.org',
    'Team: a@example.org;',
    'Keybin <keybin@example.org',
    '"Key\\r\\nBcc: x@example.org <keybin@example.org>"',
    '"Key\\tbin <keybin@example.org>"',
    'keybin@exa mple.org',
    'a@b@example.org',
  ])('refuses %j', async from => {
    expect(await problem(`[MAIL]\nfrom=${from}`)).toContain('expected one mailbox, `name@host` or `Name <name@host>`');
  });
});

describe('[APP] public_url', () => {
  it.each([
    ['https://keybin.example.org', 'https://keybin.example.org'],
    ['https://keybin.example.org/', 'https://keybin.example.org'],
    ['http://192.168.1.5:5000', 'http://192.168.1.5:5000'],
    ['https://example.org/apps/keybin//', 'https://example.org/apps/keybin'],
    ['HTTPS://Keybin.Example.ORG:443', 'https://keybin.example.org'],
    ['http://[::1]:5000/x', 'http://[::1]:5000/x'],
    ['', ''],
  ])('%s is %s', async (given, kept) => {
    expect((await loadText(`[APP]\npublic_url=${given}`)).config.APP.public_url).toBe(kept);
  });

  it.each([
    ['keybin.example.org', 'write `https://keybin.example.org`'],
    ['//keybin.example.org/x', 'write `https://keybin.example.org/x`'],
    ['keybin.example.org:8443', 'write `https://keybin.example.org:8443`'],
    ['/keybin?', 'it does not begin with `http://` or `https://`'],
    ['ftp://keybin.example.org', '`ftp://` does not lead to this server'],
    ['https://', 'it is not a URL'],
    ['https://keybin example.org', 'it is not a URL'],
    ['https://keybin.example.org:99999', 'it is not a URL'],
    ['https:\\\\/keybin.example.org', 'it does not begin with'],
    ['https://ann:pw@keybin.example.org', 'take user and password out'],
    ['https://keybin.example.org/?a=b', 'take `?` or `#` out'],
    ['https://keybin.example.org/#top', 'take `?` or `#` out'],
    ['https://keybin.example.org?', 'take `?` or `#` out'],
  ])('refuses %s and says: %s', async (url, hint) => {
    expect(await problem(`[APP]\npublic_url=${url}`)).toContain(hint);
  });

  it('is missed behind a proxy', async () => {
    const proxy = '[APP]\ntrusted_proxies=10.0.0.1\n';
    expect((await loadText(proxy)).warnings).toEqual([
      'store.cfg:2: [APP] trusted_proxies: without [APP] public_url, links in mails lead to the address behind the proxy',
    ]);
    expect((await loadText(`${proxy}public_url=https://keybin.example.org`)).warnings).toEqual([]);
  });
});

it('[APP] language is en or ru, in any letter case', async () => {
  expect((await loadText('[APP]\nlanguage=RU')).config.APP.language).toBe('ru');
  expect(await problem('[APP]\nlanguage=de')).toContain('expected one of en, ru');
});

it('all of it changes without a restart', async () => {
  const { config: current } = await loadText('');
  const { config: loaded } = await loadText(
    '[APP]\npublic_url=https://k.example\nlanguage=ru\n[MAIL]\nurl=smtp://h\nfrom=k@k.example\n',
  );
  const files = await loadText('[MAIL]\ndirectory=./mails\n');
  expect(planReload(current, loaded)).toEqual({
    config: loaded,
    changed: ['[APP] public_url', '[APP] language', '[MAIL] url', '[MAIL] from'],
    waiting: [],
  });
  expect(planReload(current, files.config).changed).toEqual(['[MAIL] directory']);
});
