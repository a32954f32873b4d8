import { describe, expect, it } from 'vitest';
import { optionList, readOption } from '../../src/config/options.ts';
import { renderEffective, renderExample, renderReference } from '../../src/config/render/render.ts';
import { loadText } from './load-text.ts';

/** Options that are not a whole section. */
const single = optionList.filter(({ option }) => option.type !== 'lines');

describe('store.cfg.example', () => {
  it('as it is changes nothing', async () => {
    const { config, warnings, origins } = await loadText(renderExample());
    expect({ config, warnings, given: origins.size }).toEqual({
      config: (await loadText('')).config,
      warnings: [],
      given: 0,
    });
  });

  it('with every # taken away gives every option its default', async () => {
    const { config, warnings, origins } = await loadText(renderExample().replace(/^#/gm, ''));
    expect({ config, warnings }).toEqual({ config: (await loadText('')).config, warnings: [] });
    expect([...origins.keys()]).toEqual(single.map(({ name }) => name));
  });
});

describe('docs/configuration.md', () => {
  it('has every option with its default, variable, whether a reload is enough, and whether it is secret', () => {
    const text = renderReference();
    expect(text).toContain(
      '| `token_expiration` | an integer from 1 to 315360000 | `300` | `KEYBIN_STORE_TOKEN_EXPIRATION` | reload | Seconds a token lives. |',
    );
    expect(text).toMatch(
      /\| `host` \| .* \| `file:.\/data` \| `KEYBIN_STORE_HOST`, `KEYBIN_STORE_HOST_FILE` \| restart \| .* Secret. \|/,
    );
    for (const { key, variable } of single) expect(text).toMatch(new RegExp(`^\\| \`${key}\` .*\`${variable}\``, 'm'));
  });
});

describe('the values in force', () => {
  const text = [
    '[APP]',
    'port=81',
    'trusted_proxies=::1,10.0.0.0/8',
    '[STORE]',
    'host="mongodb://ann:s3cret;@a:1,b/db?replicaSet=r&proxyPassword=s3cret&x=y ; z"',
    'database=prod',
  ].join('\n');

  it('are shown without user names and passwords', async () => {
    const shown = renderEffective((await loadText(text)).config);
    expect(shown).not.toMatch(/ann|s3cret/);
    expect(shown).toContain('host="mongodb://***:***@a:1,b/db?replicaSet=r&proxyPassword=***&x=y ; z"');
    expect(shown).toContain('trusted_proxies=::1, 10.0.0.0/8');
  });

  it('say where each was given', async () => {
    const { config, origins } = await loadText(text, { KEYBIN_APP_WORKERS: '2' });
    const shown = renderEffective(config, origins);
    expect(shown).toContain('[APP]\nhost=127.0.0.1\nport=81 ; store.cfg:2\n');
    expect(shown).toContain('workers=2 ; KEYBIN_APP_WORKERS\n');
  });

  it.each([
    '[STORE]\nhost=file:./a;b#c',
    '[STORE]\nhost="file:./a ; b # c"',
    '[STORE]\nhost="file:\\\\\\\\server\\\\share \\"x\\""',
    '[STORE]\nhost="file:./a\\nb "',
    '[APP]\ntrusted_proxies=\ndebug=yes\n[STORE]\nhost=mongodb://h?a=b&c=d',
  ])('load again as they were: %j', async written => {
    const { config, origins } = await loadText(written);
    const again = await loadText(renderEffective(config, origins));
    for (const option of optionList)
      expect(readOption(again.config, option), option.name).toEqual(readOption(config, option));
    expect(again.warnings).toEqual([]);
  });
});
