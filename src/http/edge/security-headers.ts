import type { ServerResponse } from 'node:http';

/** Answers hold secrets: nothing is cached, nothing is taken for another type. Pages add what concerns links and scripts. */
export function setSecurityHeaders(res: ServerResponse): void {
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Content-Type-Options', 'nosniff');
}
