import type { Context } from 'koa';

const POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'";

/**
 * Answers with a small page without scripts. `title` is text, `bodyHtml` is HTML in which every value went through
 * `escapeHtml`; `lang` is the language of both.
 */
export function answerPage(ctx: Context, status: number, title: string, bodyHtml: string, lang = 'en'): void {
  ctx.status = status;
  // What CORS lets in are calls of an API: pages hold what no other page may read.
  ctx.remove('Access-Control-Allow-Origin');
  ctx.remove('Access-Control-Expose-Headers');
  ctx.set('Content-Security-Policy', POLICY);
  ctx.set('X-Frame-Options', 'DENY');
  ctx.set('Referrer-Policy', 'same-origin');
  ctx.set('Cache-Control', 'no-store');
  ctx.type = 'html';
  ctx.body = `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
</head>
<body>
${bodyHtml}
</body>
</html>
`;
}

/** Whether the client would rather have a page than JSON: browsers say so, and what says nothing or takes anything does not. */
export function prefersHtml(ctx: Context): boolean {
  return ctx.accepts('json', 'html') === 'html';
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in HTML, in an attribute in quotes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ESCAPES[character] ?? character);
}
