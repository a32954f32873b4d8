import { describe, expect } from 'vitest';
import { readMetrics } from '../../support/open-metrics.ts';
import { eventually, type Program, type ServerProcess, type Settings, test } from '../../support/process.ts';
import { request } from '../../support/request.ts';

const TOKEN = 'a-token-of-the-scraper-0123456789';

/** Starts the program with metrics at an own address; gives what asks there. */
async function start(program: Program, settings: Settings = {}) {
  const server = await program.start({ settings: { METRICS_LISTEN: '127.0.0.1:0', ...settings } });
  const { url } = await server.logged(/^metrics at/);
  const own = new URL(String(url)).origin;
  const ask = (path = '/metrics', headers: Record<string, string> = {}, method = 'GET') =>
    request(own, method, path, undefined, headers);
  return { server, ask, scrape: async () => readMetrics((await ask()).text) };
}

const COUNT = 'keybin_http_request_duration_seconds_count';

describe('metrics', () => {
  test('are nowhere unless they are asked for', async ({ program }) => {
    const server = await program.start();
    const [metrics, unknown] = await Promise.all(['/metrics', '/unknown'].map(path => server.request('GET', path)));
    expect(metrics?.status).toBe(404);
    expect(metrics?.text).toBe(unknown?.text);
    expect(server.log.some(({ msg }) => /metrics/.test(msg))).toBe(false);
  });

  test('are at their own address alone, in the form of OpenMetrics, without a line in the log', async ({ program }) => {
    const { server, ask } = await start(program);
    const answer = await ask();
    expect(answer.headers.get('Content-Type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(readMetrics(answer.text).sum('keybin_processes')).toBe(1);
    expect((await ask('/metrics', {}, 'HEAD')).text).toBe('');
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/metrics', {}, 'POST')).status).toBe(405);
    expect((await server.request('GET', '/metrics')).status).toBe(404);
    expect((await server.stop()).code).toBe(0);
    expect(server.log.filter(({ msg }) => msg === 'request')).toHaveLength(1);
  });

  test('at their own address ask for the token where there is one', async ({ program }) => {
    const { ask } = await start(program, { METRICS_TOKEN: TOKEN });
    const refused = await ask();
    expect(refused.status).toBe(401);
    expect(refused.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect((await ask('/metrics', { Authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  test('whose address is taken stop the start with what to do', async ({ program }) => {
    const { server } = await start(program);
    const { host } = new URL(String((await server.logged(/^metrics at/)).url));
    const place = { STORE_HOST: 'file:./other', METRICS_LISTEN: host };
    for (const workers of ['1', '2']) {
      const { code, stderr } = await program.run([], { APP_PORT: '0', ...place, APP_WORKERS: workers });
      expect(code).toBe(1);
      expect(stderr).toContain(`[METRICS] listen: cannot listen on ${host}: another program listens there`);
    }
  });
});

describe('metrics of several processes', () => {
  /** Requests that nobody else sends. */
  const ask = (server: ServerProcess, times: number) =>
    Promise.all(
      Array.from({ length: times }, () => server.request('GET', '/user/x/keys', undefined, { Connection: 'close' })),
    );
  const counted = { route: '/user/:token/keys', status: '403' };

  test('are those of all together, also when one was killed', async ({ program }) => {
    const { server, scrape } = await start(program, { APP_WORKERS: '2' });
    await ask(server, 40);
    const before = await scrape();
    expect(before.sum('keybin_processes')).toBe(2);
    expect(before.sum(COUNT, counted)).toBe(40);
    expect(before.sum('keybin_storage_up')).toBe(1);
    process.kill(Number((await server.logged(/^request$/)).pid), 'SIGKILL');
    await server.logged(/died and is replaced/);
    expect((await scrape()).sum(COUNT, counted)).toBe(40);
    await eventually(scrape, ({ sum }) => sum('keybin_processes') === 2);
    await ask(server, 2);
    expect((await scrape()).sum(COUNT, counted)).toBe(42);
    expect((await server.stop()).code).toBe(0);
  });

  test('are the same whichever of them answers', async ({ program }) => {
    const settings = { METRICS_LISTEN: '', METRICS_TOKEN: TOKEN, APP_WORKERS: '2' };
    const server = await program.start({ settings });
    await ask(server, 20);
    const headers = { Authorization: `Bearer ${TOKEN}`, Connection: 'close' };
    const scrapes = Array.from({ length: 10 }, () => server.request('GET', '/metrics', undefined, headers));
    for (const { status, text } of await Promise.all(scrapes)) {
      expect(status).toBe(200);
      expect(readMetrics(text).sum(COUNT, counted)).toBe(20);
    }
  });
});
