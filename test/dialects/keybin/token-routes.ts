/** Every route that takes a token, as `[method, what follows the token, body]`. */
export const TOKEN_ROUTES: readonly (readonly [string, string, unknown?])[] = [
  ['GET', ''],
  ['HEAD', ''],
  ['GET', '/keys'],
  ['POST', '/store/a', { value: 1 }],
  ['GET', '/store/a'],
  ['DELETE', '/store/a'],
  ['POST', '/renew'],
  ['DELETE', ''],
];
