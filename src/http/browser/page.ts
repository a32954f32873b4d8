import type { Context } from 'koa';

const POLICY =
  "default-src 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; img-src 'self' data:";

/** What browsers may do with whatever is meant for them: pages, what leads to them, and files. */
export function setBrowserHeaders(ctx: Context): void {
  ctx.set('Content-Security-Policy', POLICY);
  ctx.set('X-Frame-Options', 'DENY');
  ctx.set('Referrer-Policy', 'same-origin');
}

/** Answers with a page: `html` is the whole document, in which every value was escaped. No script or style stands in it. */
export function answerPage(ctx: Context, status: number, html: string): void {
  ctx.status = status;
  // What CORS lets in are calls of an API: pages hold what no other page may read.
  ctx.remove('Access-Control-Allow-Origin');
  ctx.remove('Access-Control-Expose-Headers');
  setBrowserHeaders(ctx);
  ctx.set('Cache-Control', 'no-store');
  ctx.type = 'html';
  ctx.body = html;
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
