import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer, sharedServer } from '../../support/served.ts';
import { scopedHeaders } from './scoped.ts';

forEachEngine('the limits of v2', engine => {
  const served = sharedServer(engine);

  test('are told to any token, with what is used of them and what the engine can do', async () => {
    const { server } = served;
    const { account, headers } = await newUser(server);
    await server.request('POST', '/user/me/store/a', { value: 'four' }, headers);
    await server.request('POST', '/user/me/store/b', { value: 'é' }, headers);
    const answer = await server.request(
      'GET',
      '/v2/limits',
      undefined,
      await scopedHeaders(server, account.user_id, ['sync']),
    );
    const { atomicCommit, changes } = server.core.storage;
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      value_bytes: 16_777_216,
      key_bytes: 1024,
      meta_bytes: 1024,
      account_keys: 1_000_000,
      account_bytes: 1_073_741_824,
      keys: 2,
      bytes: 6,
      batch_ops: 500,
      batch_bytes: 16_777_216,
      list_limit: 1000,
      list_value_bytes: 4_194_304,
      followers: 1000,
      all_followers: 20_000,
      requests_per_minute: 0,
      idempotency_hours: atomicCommit ? 24 : 0,
      history_seconds: changes ? 604_800 : 0,
      token_default_ttl: 2_592_000,
      token_max_ttl: 31_536_000,
      atomic_batch: atomicCommit,
      change_feed: changes !== undefined,
    });
  });

  test('are those of the configuration in force', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_VALUE_BYTES: '5000', LIMITS_ACCOUNT_KEYS: '0' } });
    const { headers } = await newUser(server);
    const limits = async () => (await server.request('GET', '/v2/limits', undefined, headers)).json;
    expect(await limits()).toMatchObject({ value_bytes: 5000, account_keys: 0, followers: 1000 });
    await server.configure({ LIMITS_FOLLOWERS: '7', LIMITS_ALL_FOLLOWERS: '8', TOKENS_MAX_TTL: '99' });
    expect(await limits()).toMatchObject({ followers: 7, all_followers: 8, token_max_ttl: 99 });
  });

  test('take a token, and nothing in the query', async () => {
    const { server } = served;
    const { headers } = await newUser(server);
    const stranger = await server.request('GET', '/v2/limits');
    expect([stranger.status, stranger.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer']);
    expect((await server.request('GET', '/v2/limits?verbose=1', undefined, headers)).json.code).toBe('field_unknown');
  });
});
