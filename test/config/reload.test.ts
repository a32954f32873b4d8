import { expect, it } from 'vitest';
import { planReload } from '../../src/config/reload.ts';
import { loadText } from './load-text.ts';

it('live options change at once, the others are named and wait for a restart', async () => {
  const { config: current } = await loadText('[APP]\nport=81\n');
  const { config: loaded } = await loadText(
    '[APP]\nport=82\nlog_level=warn\ntrusted_proxies=::1\n[STORE]\ntoken_expiration=9\n[SECURITY]\nregistration=no\nbcrypt_cost=13\n',
  );
  const { config, changed, waiting } = planReload(current, loaded);
  expect(changed).toEqual(['[APP] log_level', '[STORE] token_expiration', '[SECURITY] registration']);
  expect(waiting).toEqual(['[APP] port', '[APP] trusted_proxies', '[SECURITY] bcrypt_cost']);
  expect(config.APP).toEqual({ ...current.APP, log_level: 'warn' });
  expect(config.STORE.token_expiration).toBe(9);
  expect(config.SECURITY).toEqual({ ...current.SECURITY, registration: false });
  expect(Object.isFrozen(config.SECURITY)).toBe(true);
});

it('an option that is gone from the file goes back to its default', async () => {
  const { config: current } = await loadText('[STORE]\ntoken_expiration=9\n');
  const { config: loaded } = await loadText('');
  expect(planReload(current, loaded)).toEqual({ config: loaded, changed: ['[STORE] token_expiration'], waiting: [] });
});

it('nothing changed is nothing to do', async () => {
  const text = '[APP]\ntrusted_proxies=::1, 10.0.0.0/8\n';
  const { config: current } = await loadText(text);
  const { config: loaded } = await loadText(text);
  expect(planReload(current, loaded)).toEqual({ config: current, changed: [], waiting: [] });
});
