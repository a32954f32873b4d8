import type { Middleware } from 'koa';

/** Answers hold secrets and tokens stand in paths: nothing is cached, guessed at or passed on as a referrer. */
export const securityHeaders: Middleware = (ctx, next) => {
  const { res } = ctx;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  return next();
};
