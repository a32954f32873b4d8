import { describe, expect, it } from 'vitest';
import { renderEffective } from '../../src/config/render/render.ts';
import { loadText, problemsOf } from './load-text.ts';

const ALL = { user: '*', item: '*', action: '*', allow: true };

describe('the APIs', () => {
  it.each(['KEYBIN', 'PUNCH', 'DOTSYNC', 'SIMPLE_SYNC'] as const)(
    '%s is served unless it is switched off',
    async api => {
      expect((await loadText('')).config[api].enabled).toBe(true);
      expect((await loadText(`[${api}]\nenabled=off\n`)).config[api].enabled).toBe(false);
    },
  );
});

describe('[SIMPLE_SYNC] jwt_secret', () => {
  it('has at least 32 characters, or is none', async () => {
    const load = async (secret: string) => (await loadText(`[SIMPLE_SYNC]\njwt_secret=${secret}\n`)).config;
    expect((await load('ä'.repeat(32))).SIMPLE_SYNC.jwt_secret).toBe('ä'.repeat(32));
    expect((await load('')).SIMPLE_SYNC.jwt_secret).toBe('');
    const [problem = '', ...more] = await problemsOf(load('s3cret'.padEnd(31, 'x')));
    expect(more).toEqual([]);
    expect(problem).toContain('[SIMPLE_SYNC] jwt_secret: found "****", expected at least 32 characters');
    expect(problem).not.toContain('s3cret');
  });

  it('is measured in characters, not in the units of JavaScript', async () => {
    expect(await problemsOf(loadText(`[SIMPLE_SYNC]\njwt_secret=${'😀'.repeat(16)}\n`))).toHaveLength(1);
  });

  it('is never shown', async () => {
    const { config } = await loadText(`[SIMPLE_SYNC]\njwt_secret=${'s3cret'.repeat(6)}\n`);
    expect(renderEffective(config)).toContain('jwt_secret=****\n');
    expect(renderEffective(config)).not.toContain('s3cret');
  });
});

it('[SIMPLE_SYNC] open_to is members unless all is said', async () => {
  expect((await loadText('')).config.SIMPLE_SYNC.open_to).toBe('members');
  expect((await loadText('[SIMPLE_SYNC]\nopen_to=All\n')).config.SIMPLE_SYNC.open_to).toBe('all');
  expect(await problemsOf(loadText('[SIMPLE_SYNC]\nopen_to=some\n'))).toHaveLength(1);
});

describe('[SIMPLE_SYNC] initial_acl', () => {
  const load = (acl: string) => loadText(`[SIMPLE_SYNC]\ninitial_acl=${acl}\n`);
  const rules = (...list: unknown[]) => JSON.stringify({ rules: list });

  it('allows everything by default', async () => {
    expect(JSON.parse((await loadText('')).config.SIMPLE_SYNC.initial_acl)).toEqual({ rules: [ALL] });
  });

  it.each([
    rules(),
    rules(ALL, { user: 'u-1', item: 'notes/*', action: '.user.*', allow: false }),
    rules({ ...ALL, comment: 'dropped later', allow: false }),
    rules({ ...ALL, user: 'Jörg Ä.', item: 'a b', action: '\u0080\u009f' }),
    ' { "rules" : [ ] } ',
  ])('keeps the text of %s', async acl => {
    expect((await load(acl)).config.SIMPLE_SYNC.initial_acl).toBe(acl.trim());
  });

  it.each([
    ['{"rules":[', 'it is not JSON'],
    ['[]', 'it is not an object'],
    ['null', 'it is not an object'],
    ['{}', '`rules` is not a list'],
    ['{"rules":null}', '`rules` is not a list'],
    [rules('x'), 'rule 1: it is not an object'],
    [rules(ALL, [ALL]), 'rule 2: it is not an object'],
    [rules(ALL, null), 'rule 2: it is not an object'],
    [rules({ ...ALL, user: undefined }), 'rule 1: `user` is not a text'],
    [rules({ ...ALL, action: ['*'] }), 'rule 1: `action` is not a text'],
    [rules({ ...ALL, item: '' }), 'rule 1: `item` is empty'],
    [rules({ ...ALL, item: '*a' }), 'rule 1: `item` is empty, or holds a `*` before its end'],
    [rules({ ...ALL, item: 'a**' }), 'rule 1: `item` is empty, or holds a `*` before its end'],
    ['\'{"rules":[{"user":"a\\u001f","item":"*","action":"*","allow":true}]}\'', 'or a control character'],
    ['\'{"rules":[{"user":"a\\u007f","item":"*","action":"*","allow":true}]}\'', 'or a control character'],
    [rules({ ...ALL, allow: 'true' }), 'rule 1: `allow` is neither true nor false'],
    [rules({ ...ALL, allow: 1 }), 'rule 1: `allow` is neither true nor false'],
    [rules({ ...ALL, allow: undefined }), 'rule 1: `allow` is neither true nor false'],
  ])('refuses %s: %s', async (acl, reason) => {
    const problems = await problemsOf(load(acl));
    expect(problems).toEqual([
      expect.stringMatching(/^store\.cfg:2: \[SIMPLE_SYNC\] initial_acl: found .*, expected JSON /),
    ]);
    expect(problems[0]).toContain(reason);
  });

  it('may hold a comment sign when it stands in single quotes', async () => {
    const acl = rules({ ...ALL, item: 'a ; b' });
    expect((await load(`'${acl}'`)).config.SIMPLE_SYNC.initial_acl).toBe(acl);
    const [problem = ''] = await problemsOf(load(acl));
    expect(problem).toContain('put it in single quotes');
  });
});
