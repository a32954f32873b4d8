import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { planReload } from '../../src/config/reload.ts';
import { renderEffective, renderExample, renderReference } from '../../src/config/render/render.ts';
import { emptyFolder, loadEnvironment, loadText, problemsOf } from './load-text.ts';

const KEY = '0123456789abcdef';
const OTHER = 'fedcba9876543210';
const TWO = `[PUNCH_KEYS]\nlaptop = ann:${KEY}\nPhone: bob : ${OTHER}  ; mine\n`;

async function keysOf(line: string) {
  return (await loadText(`[PUNCH_KEYS]\n${line}\n`)).config.PUNCH_KEYS.keys;
}

describe('[PUNCH_KEYS]', () => {
  it('has no keys by default', async () => {
    expect((await loadText('')).config.PUNCH_KEYS.keys).toEqual([]);
    expect((await loadText('[PUNCH_KEYS]\n')).config.PUNCH_KEYS.keys).toEqual([]);
  });

  it('takes any number of labels, in their order, and warns about none', async () => {
    const { config, warnings, origins } = await loadText(TWO);
    expect(config.PUNCH_KEYS.keys).toEqual([
      { label: 'laptop', username: 'ann', key: KEY },
      { label: 'phone', username: 'bob', key: OTHER },
    ]);
    expect(warnings).toEqual([]);
    expect(Object.fromEntries(origins)).toEqual({
      '[PUNCH_KEYS] laptop': 'store.cfg:2',
      '[PUNCH_KEYS] phone': 'store.cfg:3',
    });
  });

  it('is frozen, its keys too', async () => {
    const { keys } = (await loadText(TWO)).config.PUNCH_KEYS;
    expect(Object.isFrozen(keys) && keys.every(Object.isFrozen)).toBe(true);
  });

  it.each(['keys', 'enabled', '__proto__', 'constructor', 'my-laptop', 'a.b', '_file', '7'])(
    'takes %s as a label',
    async label => {
      expect(await keysOf(`${label}=ann:${KEY}`)).toEqual([{ label, username: 'ann', key: KEY }]);
    },
  );

  it.each([`ann:${KEY}#;"\\x`, `Jörg Ä.:äöüÄÖÜß012345678`, `a b:${'x'.repeat(4000)}`])(
    'takes the name before the first colon, and what follows as the key: %s',
    async written => {
      const [username, key] = written.split(':');
      expect(await keysOf(`laptop=${written}`)).toEqual([{ label: 'laptop', username, key }]);
    },
  );

  it.each([
    ['', 'found nothing'],
    ['hidden-hidden-hidden', 'there is no `:`'],
    [':hidden-hidden-hidden', 'there is no user name before the `:`'],
    ['  : hidden-hidden-hidden', 'there is no user name before the `:`'],
    ['hidden:', 'there is no key behind the `:`'],
    ['hidden:   ', 'there is no key behind the `:`'],
    ['hidden:hidden-hidden-h', 'the key has fewer than 16 characters'],
    ['hidden:hidden-hidden:hidden', 'the key holds a character that it must not hold'],
    ['hidden:hidden-hidden hidden', 'the key holds a character that it must not hold'],
    ['"hidden:hidden-hidden\\u00a0hidden"', 'the key holds a character that it must not hold'],
    ['"hidden:hidden-hidden\\u0007hidden"', 'the key holds a character that it must not hold'],
    ['"hidden:hidden-hidden\\ud800hidden"', 'the key holds a character that it must not hold'],
    ['"hidden\\u0007:hidden-hidden-hidden"', 'the user name is longer than 128 characters or holds control'],
    [`${'hidden'.repeat(22)}:hidden-hidden-hidden`, 'the user name is longer than 128 characters'],
  ])('refuses %j: %s', async (written, reason) => {
    const [problem = '', ...more] = await problemsOf(loadText(`[PUNCH_KEYS]\nlaptop=${written}\n`));
    expect(more).toEqual([]);
    expect(problem).toMatch(
      /^store\.cfg:2: \[PUNCH_KEYS\] laptop: found (nothing|"\*\*\*\*"), expected `<username>:<key>`/,
    );
    expect(problem).toContain(reason);
    expect(problem).not.toContain('hidden');
  });

  it('two lines with one key are a problem that names both, beside what else is wrong', async () => {
    const text = `[PUNCH_KEYS]\nlaptop=ann:${KEY}\nphone=bob:${KEY}\nwatch=cy\ntv=ann:${KEY}\n`;
    const problems = await problemsOf(loadText(text));
    expect(problems).toEqual([
      expect.stringMatching(/^store\.cfg:4: \[PUNCH_KEYS\] watch: /),
      'store.cfg:3: [PUNCH_KEYS] phone: it has the key of store.cfg:2: [PUNCH_KEYS] laptop; expected one of its own',
      'store.cfg:5: [PUNCH_KEYS] tv: it has the key of store.cfg:2: [PUNCH_KEYS] laptop; expected one of its own',
    ]);
    expect(problems.join()).not.toContain(KEY);
  });

  it('a label given twice is a problem that names both lines', async () => {
    expect(await problemsOf(loadText(`[PUNCH_KEYS]\nlaptop=ann:${KEY}\nLAPTOP=ann:${OTHER}\n`))).toEqual([
      'store.cfg:3: [PUNCH_KEYS] laptop is given twice, first in line 2',
    ]);
  });
});

describe('KEYBIN_PUNCH_KEYS_<LABEL>', () => {
  it('adds lines, and replaces that of the same label', async () => {
    const { config, origins, warnings } = await loadText(TWO, {
      KEYBIN_PUNCH_KEYS_TV_2: `cy: ${KEY}1`,
      KEYBIN_PUNCH_KEYS_LAPTOP: `eve:${KEY}2`,
    });
    expect(config.PUNCH_KEYS.keys).toEqual([
      { label: 'laptop', username: 'eve', key: `${KEY}2` },
      { label: 'phone', username: 'bob', key: OTHER },
      { label: 'tv_2', username: 'cy', key: `${KEY}1` },
    ]);
    expect(origins.get('[PUNCH_KEYS] laptop')).toBe('KEYBIN_PUNCH_KEYS_LAPTOP');
    expect(warnings).toEqual([]);
  });

  it('hides what is wrong with the same label in the file', async () => {
    const { config } = await loadText('[PUNCH_KEYS]\nlaptop=wrong\n', { KEYBIN_PUNCH_KEYS_LAPTOP: `ann:${KEY}` });
    expect(config.PUNCH_KEYS.keys).toHaveLength(1);
  });

  it('is named when it is wrong, and when its key is taken', async () => {
    const text = `[PUNCH_KEYS]\nlaptop=ann:${KEY}\n`;
    const loading = loadText(text, { KEYBIN_PUNCH_KEYS_TV: `ann:${KEY}`, KEYBIN_PUNCH_KEYS_WATCH: '' });
    expect(await problemsOf(loading)).toEqual([
      expect.stringMatching(/^KEYBIN_PUNCH_KEYS_WATCH: \[PUNCH_KEYS\] watch: found nothing, expected/),
      'KEYBIN_PUNCH_KEYS_TV: [PUNCH_KEYS] tv: it has the key of store.cfg:2: [PUNCH_KEYS] laptop; expected one of its own',
    ]);
  });

  it('without a label, or in lower case, is not known', async () => {
    const { warnings } = await loadEnvironment({ KEYBIN_PUNCH_KEYS_: 'x', KEYBIN_PUNCH_KEYS_tv: `ann:${KEY}` });
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).not.toContain(KEY);
  });
});

describe('a line from a file of its own', () => {
  it('is named with _FILE in the environment and _file in the file', async () => {
    const directory = await emptyFolder();
    await writeFile(join(directory, 'one'), `ann:${KEY}\n`);
    await writeFile(join(directory, 'two'), `bob:${OTHER}\n`);
    await writeFile(join(directory, 'store.cfg'), '[PUNCH_KEYS]\nlaptop_file=one\n');
    const { config, origins, warnings } = await loadConfig({
      environment: { KEYBIN_PUNCH_KEYS_PHONE_FILE: 'two' },
      directory,
    });
    expect(config.PUNCH_KEYS.keys).toEqual([
      { label: 'laptop', username: 'ann', key: KEY },
      { label: 'phone', username: 'bob', key: OTHER },
    ]);
    expect(origins.get('[PUNCH_KEYS] phone')).toBe('KEYBIN_PUNCH_KEYS_PHONE_FILE');
    expect(warnings).toEqual([]);
  });

  it('that is not there is a problem that does not show its name: it may be a key', async () => {
    const line = `ann:${KEY}`;
    expect(await problemsOf(loadText(`[PUNCH_KEYS]\nmy_file=${line}\n`, { KEYBIN_PUNCH_KEYS_TV_FILE: line }))).toEqual([
      'store.cfg:2: [PUNCH_KEYS] my_file names a file that does not exist',
      'KEYBIN_PUNCH_KEYS_TV_FILE names a file that does not exist',
    ]);
  });
});

describe('keys', () => {
  it('are never shown', async () => {
    const { config, origins } = await loadText(TWO);
    const shown = renderEffective(config, origins);
    expect(shown).toContain('[PUNCH_KEYS]\nlaptop=ann:**** ; store.cfg:2\nphone=bob:**** ; store.cfg:3\n');
    expect(shown).not.toMatch(new RegExp(`${KEY}|${OTHER}`));
  });

  it('are taken over by a reload, which says so without them', async () => {
    const { config: current } = await loadText(TWO);
    const { config: loaded } = await loadText(TWO.replace(OTHER, `${OTHER}0`));
    const { config, changed, waiting } = planReload(current, loaded);
    expect({ changed, waiting }).toEqual({ changed: ['[PUNCH_KEYS]'], waiting: [] });
    expect(config.PUNCH_KEYS.keys).toEqual(loaded.PUNCH_KEYS.keys);
    expect(planReload(config, (await loadText('')).config).config.PUNCH_KEYS.keys).toEqual([]);
  });

  it('are in the documents, with an example that is refused when somebody takes it as it is', async () => {
    expect(renderReference()).toMatch(
      /^\| `<label>` \| `<username>:<key>` .* \| none \| `KEYBIN_PUNCH_KEYS_<LABEL>`, `KEYBIN_PUNCH_KEYS_<LABEL>_FILE` \| reload \| .* Secret\. \|$/m,
    );
    const [, example] = /^\[PUNCH_KEYS\]\n(?:\n|; .*\n)*;(\S.*)$/m.exec(renderExample()) ?? [];
    expect(example).toMatch(/^[a-z]+=[a-z]+:/);
    expect(await problemsOf(loadText(`[PUNCH_KEYS]\n${example}\n`))).toHaveLength(1);
  });
});
