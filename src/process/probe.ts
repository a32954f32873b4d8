import { StartupError } from '../base/errors.ts';
import type { Config } from '../config/options.ts';

/** Milliseconds that an answer may take. */
const PATIENCE = 4_000;

/** Resolves when the server that runs here with this configuration says that it is ready. Throws `StartupError` when not. */
export async function probe({ APP }: Config): Promise<void> {
  if (APP.port === 0) throw new StartupError('with [APP] port=0 nobody knows which port the server took');
  const url = `http://${reachable(APP.host)}:${APP.port}/readyz`;
  const problem = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) }).then(
    async response => (response.ok ? undefined : `${response.status} ${await response.text()}`),
    (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
  );
  if (problem !== undefined) throw new StartupError(`not ready: ${url}: ${problem}`);
}

/** An address to connect to where a server listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
