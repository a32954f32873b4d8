/** What is told to who observes the server. */

import { listenHint, splitListen } from '../values/listen.ts';
import { secret, text } from '../values/option.ts';

/** A token of fewer characters could be guessed; longer ones fit into no header. */
const TOKEN = /^[!-~]{24,1024}$/;

/** Whether anything is told. */
export function isObserved({
  METRICS,
}: {
  readonly METRICS: { readonly listen: string; readonly token: string };
}): boolean {
  return METRICS.listen !== '' || METRICS.token !== '';
}

/** By section and key. */
export const metricsOptions = {
  METRICS: {
    listen: text(
      '',
      'Own address for `GET /metrics`, such as `127.0.0.1:9465`; without one it is on the port of `[APP]`.',
      {
        expected: '`address:port`, an IPv6 address in brackets; empty is none',
        parse: value => (value === '' || splitListen(value) !== undefined ? value : undefined),
        hint: listenHint,
      },
    ),
    token: secret(
      'Bearer token that `GET /metrics` asks for; without an own address there has to be one.',
      '24 to 1024 visible ASCII characters, such as `openssl rand -hex 32` prints',
      value => TOKEN.test(value),
    ),
  },
} as const;
