import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { userWith } from './open-dotsync.ts';

const LONE = JSON.parse('"\\ud800"');
const PRIVATE_KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n';

const GITS: object[] = [
  { https: 'https://example.org' },
  { https: 'https://example.org/' },
  { https: 'https://example.org:8443/me/dots.git' },
  { https: 'https://[::1]/x' },
  { https: 'https://example.org/a@b' },
  { https: 'https://example.org/x?y=z#f' },
  { https: `https://example.org/${'x'.repeat(2028)}` },
  { ssh: 'git@example.org:me/dots.git' },
  { ssh: 'git@example.org:~/x' },
  { ssh: 'me@[::1]:x' },
  { ssh: 'a.b-c_d@h:x:y@z' },
  { ssh: 'ssh://example.org/x' },
  { ssh: 'ssh://git@example.org/x' },
  { ssh: 'ssh://git@example.org:2222/~me/x.git' },
  { ssh: `git@example.org:${'x'.repeat(2032)}` },
  { ssh: 'a@b:c', https: null },
  { ssh: 'a@b:c', branch: 'feature/x_1.2-3' },
  { ssh: 'a@b:c', branch: '0' },
  { ssh: 'a@b:c', branch: 'b'.repeat(255) },
  { ssh: 'a@b:c', credentials: '~/.ssh/id_ed25519' },
  { ssh: 'a@b:c', credentials: 'C:\\Users\\Ann Other\\key' },
  { ssh: 'a@b:c', credentials: '😀'.repeat(1024) },
];

/** The place that the message names, and what stands there. */
const WRONG_GITS: [string, unknown][] = [
  ['git', 'git@example.org:x'],
  ['git', ''],
  ['git', 1],
  ['git', false],
  ['git', []],
  ['git', [{ ssh: 'a@b:c' }]],
  ['git', {}],
  ['git', { https: null, ssh: null }],
  ['git', { branch: 'main' }],
  ['git', { https: 'https://example.org/x', ssh: 'a@b:c' }],
  ...[
    '',
    1,
    {},
    ['https://example.org'],
    { $gt: '' },
    'http://example.org/x',
    'HTTPS://example.org/x',
    'ext::sh -c true',
    'file:///etc/passwd',
    'ssh://example.org/x',
    'git@example.org:x',
    'https:/example.org/x',
    'https:example.org',
    'https://',
    'https:///x',
    'https://?x',
    'https://:443/x',
    'https://example.org:99999/x',
    'https://ann@example.org/x',
    'https://ann:secret@example.org/x',
    'https://:secret@example.org/x',
    'https://@example.org/x',
    'https://example.org\\@evil.example/x',
    'https:\\\\example.org/x',
    ' https://example.org/x',
    'https://example.org/x ',
    'https://example.org/a b',
    'https://example.org/a\nb',
    'https://example.org/a\tb',
    'https://example.org/a\0b',
    'https://example.org/\u00a0',
    `https://example.org/${LONE}`,
    '-https://example.org/x',
    `https://example.org/${'x'.repeat(2029)}`,
  ].map((https): [string, unknown] => ['git.https', { https }]),
  ...[
    '',
    1,
    {},
    ['a@b:c'],
    'example.org:x',
    'git@example.org',
    'git@example.org:',
    'git@:x',
    '@example.org:x',
    'git:secret@example.org:x',
    'ssh://git:secret@example.org/x',
    'ssh://git:@example.org/x',
    'ssh://git:22@example.org/x',
    'ssh://@example.org/x',
    'ssh://example.org',
    'ssh://example.org/',
    'ssh:///x',
    'ssh://example.org:port/x',
    'ssh://example.org:99999/x',
    'ssh://-oProxyCommand=x/y',
    'ssh://-oProxyCommand=x@h/y',
    'git@-oProxyCommand=x:y',
    '-oProxyCommand=x@h:y',
    '-a@b:c',
    'a@b:c d',
    'a b@c:d',
    'a@b:c\n',
    'a@b:\tc',
    'a@b:c\0',
    `a@b:${LONE}`,
    'https://example.org/x',
    'http://example.org/x',
    'git://example.org/x',
    'ext::sh -c true',
    'ext::x@y:z',
    '/local/path',
    `git@example.org:${'x'.repeat(2033)}`,
  ].map((ssh): [string, unknown] => ['git.ssh', { ssh }]),
  ...['', 1, {}, ['main'], '-x', '.x', '/x', '_x', 'a..b', 'a b', 'a\n', 'a~1', 'a^', 'a:b', 'é', 'b'.repeat(256)].map(
    (branch): [string, unknown] => ['git.branch', { ssh: 'a@b:c', branch }],
  ),
  ...['', 1, {}, ['~/x'], PRIVATE_KEY, 'a\nb', 'a\rb', 'a\0b', 'a\x1bb', LONE, 'x'.repeat(1025), '😀'.repeat(1025)].map(
    (credentials): [string, unknown] => ['git.credentials', { ssh: 'a@b:c', credentials }],
  ),
];

forEachEngine('the repository of a config', engine => {
  const dotsync = sharedServer(engine);

  test('takes every kind of repository and gives it back as it was written', async () => {
    const { headers } = await newUser(dotsync.server);
    for (const git of GITS) {
      const made = await dotsync.server.request('POST', '/v1/config', { git, files: [] }, headers);
      expect([git, made.status]).toEqual([git, 201]);
      const { json } = await dotsync.server.request('GET', `/v1/config/${made.json.id}`, undefined, headers);
      expect(json.git).toEqual({ https: null, ssh: null, branch: 'main', credentials: null, ...git });
    }
  });

  test('refuses wrong repositories by the field, and stores nothing', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    for (const [place, git] of WRONG_GITS) {
      for (const [method, route] of [
        ['POST', '/v1/config'],
        ['PUT', `/v1/config/${id}`],
      ] as const) {
        const answer = await dotsync.server.request(method, route, { git, files: [] }, headers);
        expect([git, answer.status, answer.json.code]).toEqual([git, 400, 'git_invalid']);
        expect(answer.json.error.slice(0, place.length + 2)).toBe(`${place}: `);
      }
    }
    const { json } = await dotsync.server.request('GET', '/v1/config', undefined, headers);
    expect(json).toEqual([expect.objectContaining({ id, files: ['~/a'], git: null })]);
  });

  test('never repeats a pasted key or password in its answer', async () => {
    const { headers } = await newUser(dotsync.server);
    for (const git of [{ ssh: 'a@b:c', credentials: PRIVATE_KEY }, { https: 'https://ann:b3BlbnNz@example.org/x' }]) {
      const answer = await dotsync.server.request('POST', '/v1/config', { git, files: [] }, headers);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('b3BlbnNz');
    }
  });
});
