import { expect, test } from 'vitest';
import { answerPage, escapeHtml } from '../../src/http/browser/page.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

test('a page is a whole document in its language, kept out of caches and frames, and allowed no scripts of others', async () => {
  const routes = route('/', ctx => answerPage(ctx, 403, 'Ключ & <b>', '<p>тело</p>', 'ru'));
  const { status, headers, text } = await rawRequest(await openApp(routes), { path: '/' });
  expect(status).toBe(403);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  expect(text).toMatch(/^<!doctype html>\n<html lang="ru">\n/);
  expect(text).toContain('<title>Ключ &amp; &lt;b&gt;</title>');
  expect(text).toContain('<p>тело</p>');
  expect(text).not.toMatch(/<script|style=| on\w+=/);
});

test('a page is in English unless it says otherwise', async () => {
  const url = await openApp(route('/', ctx => answerPage(ctx, 200, 'Title', '<p>text</p>')));
  expect((await rawRequest(url, { path: '/' })).text).toContain('<html lang="en">');
});

test('the page of what is not there is such a page too, and passes on no path', async () => {
  const headers = { Accept: 'text/html' };
  const answer = await rawRequest(await openApp([]), { path: '/secret', headers });
  expect([answer.status, answer.headers['referrer-policy'], answer.headers['x-frame-options']]).toEqual([
    404,
    'no-referrer',
    'DENY',
  ]);
  expect(answer.text).toContain('<html lang="en">');
  expect(answer.text).not.toContain('secret');
});

test('a value is escaped for text and for attributes in either quotes', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  );
  expect(escapeHtml('ключ 😀')).toBe('ключ 😀');
});
