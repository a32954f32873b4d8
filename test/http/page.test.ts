import { expect, test } from 'vitest';
import { answerPage, escapeHtml } from '../../src/http/browser/page.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

test('a page is kept out of caches and frames, and allowed no scripts or styles but those of the server', async () => {
  const routes = route('/', ctx => answerPage(ctx, 403, '<!doctype html><p>тело</p>'));
  const { status, headers, text } = await rawRequest(await openApp(routes), { path: '/' });
  expect(status).toBe(403);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; img-src 'self' data:",
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  expect(text).toBe('<!doctype html><p>тело</p>');
});

test('a value is escaped for text and for attributes in either quotes', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  );
  expect(escapeHtml('ключ 😀')).toBe('ключ 😀');
});
