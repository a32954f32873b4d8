import { expect, test } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

forEachEngine('the address of the server alone', engine => {
  const keybin = sharedServer(engine);

  test('tells a browser what this is and where the documents are', async () => {
    const { status, headers, text } = await keybin.server.request('GET', '/', undefined, BROWSER);
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'self'");
    for (const told of ['Keybin', 'README.md', 'docs/dialects', 'href="/api/v1/health"']) expect(text).toContain(told);
  });

  test('tells nobody what it is made of', async () => {
    const { text } = await keybin.server.request('GET', '/', undefined, BROWSER);
    expect(text).not.toMatch(/0\.0\.0-test|koa|node/i);
  });

  test('is no page for programs, and takes nothing', async () => {
    for (const Accept of ['*/*', 'application/json']) {
      const { status, json } = await keybin.server.request('GET', '/', undefined, { Accept });
      expect([status, json.code]).toEqual([404, 'not_found']);
    }
    expect((await keybin.server.request('POST', '/', {}, BROWSER)).status).toBe(405);
  });

  test('leads below the path that the public URL has', async () => {
    const { server } = await openServer(engine, { options: { APP_PUBLIC_URL: 'https://example.org/keybin' } });
    expect((await server.request('GET', '/', undefined, BROWSER)).text).toContain('href="/keybin/api/v1/health"');
  });
});
