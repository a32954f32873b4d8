import { expect, onTestFinished, test } from 'vitest';
import { allOrFirst, forEachEngine } from '../../support/engines.ts';
import { readMetrics } from '../../support/open-metrics.ts';
import { startServer, type TestServer } from '../../support/server.ts';

const TOKEN = 'marked-scraper-token-0123456789';
const SCRAPER = { Authorization: `Bearer ${TOKEN}` };
const PUNCH_KEY = 'marked-punch-key-0123456789-0123456789';
const ADMIN = { username: 'marked-root', password: 'marked-password' };

const LABELS = 'api,engine,kind,le,method,node,operation,quantile,result,route,status,version'.split(',');
const APIS = 'document,dotsync,keybin,none,punch,server,simple-sync,v2,verstak,web'.split(',');

/** A token of each kind, the first one of the original API: of accounts, clients and devices whose names are marked. */
async function markedCredentials(server: TestServer): Promise<string[]> {
  const ann = { username: 'marked-ann', password: 'marked-password' };
  const basic = { Authorization: `Basic ${Buffer.from(`${ann.username}:${ann.password}`).toString('base64')}` };
  const pair = { login: ann.username, password: ann.password, device_name: 'marked-device', vault_id: 'marked-vault' };
  await server.request('POST', '/register', ann);
  const issued = await server.request('POST', '/token', { ...ann, client_id: 'marked-client' });
  const scoped = await server.request('POST', '/v2/tokens', { name: 'marked-token' }, basic);
  const paired = await server.request('POST', '/api/client/pair', pair);
  const signed = await server.request('POST', '/api/v1/auth/token', ADMIN);
  const tokens = [issued.json.token.token, scoped.json.token, paired.json.device_token, signed.json.token, PUNCH_KEY];
  for (const token of tokens) expect(token).toMatch(/^\S{20,}$/);
  return tokens;
}

forEachEngine('metrics', engine => {
  async function observed() {
    const opened = await engine.open();
    const options = {
      METRICS_TOKEN: TOKEN,
      ADMIN_USERNAME: ADMIN.username,
      ADMIN_PASSWORD: ADMIN.password,
      PUNCH_KEYS_MARKED: `marked-root:${PUNCH_KEY}`,
    };
    const server = await startServer(opened, { options });
    onTestFinished(async () => {
      await server.stop();
      await opened.cleanup();
    });
    const scrape = async () => {
      const answer = await server.request('GET', '/metrics', undefined, SCRAPER);
      expect(answer.status).toBe(200);
      return { text: answer.text, ...readMetrics(answer.text) };
    };
    return { server, scrape };
  }

  test('count logins, credentials given out, accounts, values, blobs and requests by route', async () => {
    const { server, scrape } = await observed();
    const ann = { username: 'ann', password: 'right' };
    await server.request('POST', '/register', ann);
    const { json } = await server.request('POST', '/token', ann);
    await server.request('POST', '/token', { ...ann, password: 'wrong' });
    for (const key of ['a', 'b', 'c']) {
      await server.request('POST', `/user/${json.token.token}/store/${key}`, { value: key });
    }
    const paired = await server.request('POST', '/api/client/pair', {
      ...{ login: 'ann', password: 'right', device_name: 'd', vault_id: 'v' },
    });
    expect(paired.status).toBe(200);
    const content = async function* () {
      yield Buffer.from('abc');
    };
    await server.core.storage.blobs.put(content(), 3);
    await server.tidy('atStart');
    const { sum, samples } = await scrape();
    expect(sum('keybin_logins_total', { result: 'right' })).toBe(2);
    expect(sum('keybin_logins_total', { result: 'wrong' })).toBe(1);
    expect(sum('keybin_tokens_issued_total', { kind: 'original' })).toBe(1);
    expect(sum('keybin_tokens_issued_total', { kind: 'device' })).toBe(1);
    expect(sum('keybin_accounts')).toBe(2);
    expect(sum('keybin_entries')).toBe(3);
    expect(sum('keybin_blobs')).toBe(1);
    expect(sum('keybin_blob_bytes')).toBe(3);
    expect(sum('keybin_storage_up')).toBe(1);
    expect(sum('keybin_storage_failures_total')).toBe(0);
    expect(sum('keybin_storage_operation_duration_seconds_count')).toBeGreaterThan(10);
    const stored = { api: 'keybin', route: '/user/:token/store/:key', method: 'POST', status: '200' };
    expect(sum('keybin_http_request_duration_seconds_count', stored)).toBe(3);
    const buckets = samples.filter(
      ({ name, labels }) => /request.*_bucket$/.test(name) && labels.route === stored.route,
    );
    expect(buckets.map(({ value }) => value)).toEqual(buckets.map(({ value }) => value).toSorted((a, b) => a - b));
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: 3 });
  });

  test('hold no key, name, token or address of any API, and paths and methods of strangers make no labels', async () => {
    const { server, scrape } = await observed();
    const tokens = await markedCredentials(server);
    for (const { method, path } of server.routes) {
      if (path === '/unregister' || /\/(events|changes)$/.test(path)) continue;
      const target = path.replace(/:token\b/, tokens[0] ?? '').replace(/[:*]\w+/g, 'marked-name');
      const body = method === 'GET' ? undefined : { username: 'marked-bob', key: 'marked-key', value: 'marked-value' };
      const send = (token: string) => server.request(method, target, body, { Authorization: `Bearer ${token}` });
      await Promise.all(allOrFirst(engine, [...tokens, '']).map(send));
    }
    const before = (await scrape()).samples.length;
    for (let i = 0; i < 50; i++) await server.request('GET', `/marked-path-${i}/marked-${i}`);
    for (const method of ['PROPFIND', 'REPORT', 'M-SEARCH', 'LOCK', 'MKCOL']) await server.request(method, '/');
    const { text, samples, sum } = await scrape();
    for (const mark of ['marked', ...tokens, '127.0.0.1', '@']) expect(text).not.toContain(mark);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(sum('keybin_http_request_duration_seconds_count', { route: 'none', method: 'GET' })).toBeGreaterThan(49);
    expect(samples.length - before).toBeLessThan(100);
    expect([...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))].sort()).toEqual(LABELS);
    expect([...new Set(samples.flatMap(({ labels }) => labels.api ?? []))].sort()).toEqual(APIS);
  });

  test('are told to nobody without the token, on the port of the API', async () => {
    const { server } = await observed();
    for (const Authorization of ['', 'Bearer ', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`]) {
      const answer = await server.request('GET', '/metrics', undefined, Authorization === '' ? {} : { Authorization });
      expect(answer).toMatchObject({ status: 401, json: { code: 'unauthorized' } });
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer');
    }
    expect((await server.request('POST', '/metrics', {}, SCRAPER)).status).toBe(405);
  });
});
