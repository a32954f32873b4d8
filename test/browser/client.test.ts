import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type * as Client from '../../src/client/index.ts';
import { Keybin } from '../../src/client/index.ts';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { embedded } from '../support/engines.ts';
import { newName, openServer } from '../support/served.ts';
import { inBrowser } from './chromium.ts';

const FILES = fileURLToPath(new URL('../../dist/client', import.meta.url));

/** A program of a worker that uses it: it is told where the server is, and with which token. */
const WORKER = `import { Keybin } from '/client/index.js';
onmessage = async ({ data }) => {
  const keybin = new Keybin(data);
  const { cursor } = await keybin.changes();
  await keybin.set('from/worker', new Uint8Array([1, 2]));
  const stop = new AbortController();
  for await (const { key } of keybin.watch({ since: cursor, signal: stop.signal })) {
    stop.abort();
    postMessage([key, await (await keybin.get(key)).bytes()]);
  }
};`;

/** The origin of a page that uses the library as it is compiled. */
async function pageOrigin(): Promise<string> {
  const server = createServer(async (req, res) => {
    const name = /^\/client\/([a-z0-9-]+\.js)$/.exec(req.url ?? '')?.[1];
    const script =
      '<script type="module">import * as client from "/client/index.js"; globalThis.client = client</script>';
    const isWorker = req.url === '/worker.js';
    res.setHeader('Content-Type', name || isWorker ? 'text/javascript' : 'text/html');
    if (isWorker) res.end(WORKER);
    else res.end(name ? await readFile(join(FILES, name)) : `<!doctype html><title>A page</title>${script}`);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

inBrowser('the client library', open => {
  it('does for a page of another origin all that it does in Node', async () => {
    const origin = await pageOrigin();
    const { server } = await openServer(embedded, { options: { APP_CORS_ORIGINS: origin } });
    const username = newName();
    await createAccount(server.core, { username, password: 'right' });
    const { page, troubles } = await open(origin);
    await page.goto(origin);
    await page.waitForFunction(() => 'client' in globalThis);

    const values = await page.evaluate(
      async ([url = '', name = '']) => {
        const { Keybin } = (globalThis as unknown as { client: typeof Client }).client;
        const { client: keybin } = await Keybin.signIn(url, { username: name, password: 'right', userAgent: 'x' });
        const stored = await keybin.set('a/b', new Blob(['grün'], { type: 'text/css' }), {
          ttl: 60,
          meta: { By: 'ann' },
        });
        const value = await keybin.get('a/b');
        const part = await keybin.get('a/b', { range: { start: 0, end: 1 } });
        const refused = await keybin.set('a/b', '', { ifAbsent: true }).catch(error => error);
        const unchanged = await keybin.get('a/b', { ifNoneMatch: stored.etag });
        await keybin.batch([{ op: 'put', key: 'c', value: new Uint8Array([255]) }]);
        const keys: string[] = [];
        for await (const { key } of keybin.entries({ limit: 1 })) keys.push(key);
        return {
          value: [value?.contentType, value?.size, value?.meta.by, value?.expiresAt !== null, await value?.text()],
          part: [part?.size, await part?.text()],
          refused: [refused.status, refused.currentEtag === stored.etag, typeof refused.requestId],
          unchanged: unchanged?.unchanged,
          keys,
          count: [await keybin.incr('n'), await keybin.incr('n')],
          gone: [await keybin.delete('a/b'), await keybin.delete('a/b')],
        };
      },
      [server.url, username] as const,
    );
    expect(values).toEqual({
      value: ['text/css', 5, 'ann', true, 'grün'],
      part: [5, 'gr'],
      refused: [412, true, 'string'],
      unchanged: true,
      keys: ['a/b', 'c'],
      count: [1, 2],
      gone: [true, false],
    });

    const followed = await page.evaluate(
      async ([url = '', name = '']) => {
        const { Keybin } = (globalThis as unknown as { client: typeof Client }).client;
        const { client: keybin } = await Keybin.signIn(url, { username: name, password: 'right' });
        const stop = new AbortController();
        const { cursor } = await keybin.changes();
        const seen: string[] = [];
        const watching = (async () => {
          for await (const { type, key } of keybin.watch({ since: cursor, signal: stop.signal })) {
            seen.push(`${type} ${key}`);
            if (seen.length === 3) stop.abort();
          }
        })();
        const lock = await keybin.lock('lock');
        const taken = await keybin.lock('lock').catch(error => error.code);
        await lock.release();
        await keybin.set('done', '');
        await watching;
        await keybin.tokens.revoke('self');
        const revoked = await keybin.info('done').catch(error => [error.status, error.code]);
        const away = await new Keybin({ url: 'http://127.0.0.1:9', retries: 0 }).get('a').catch(error => error.code);
        return { seen, taken, revoked, away };
      },
      [server.url, username] as const,
    );
    expect(followed).toEqual({
      seen: ['put lock', 'delete lock', 'put done'],
      taken: 'precondition_failed',
      revoked: [401, 'unauthorized'],
      away: 'network',
    });
    expect(troubles.filter(trouble => trouble.startsWith('script'))).toEqual([]);
  });

  it('does so in a worker of a page', async () => {
    const origin = await pageOrigin();
    const { server } = await openServer(embedded, { options: { APP_CORS_ORIGINS: origin } });
    const username = newName();
    await createAccount(server.core, { username, password: 'right' });
    const { token } = await Keybin.signIn(server.url, { username, password: 'right' });
    const { page } = await open(origin);
    await page.goto(origin);
    const given = JSON.stringify({ url: server.url, token: token.token, retries: 0, userAgent: 'x' });
    const told = await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = message => resolve(message.data);
      worker.onerror = error => reject(new Error(error.message));
      worker.postMessage(${given});
    })`);
    expect(told).toEqual(['from/worker', new Uint8Array([1, 2])]);
  });
});
