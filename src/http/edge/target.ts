import type { IncomingMessage } from 'node:http';
import { InvalidInputError, NotFoundError } from '../../base/errors.ts';

/** Below which path the server is, seen from outside. */
export interface BasePath {
  /** The path that the public URL ends in, such as `/keybin`; empty when it has none. */
  readonly prefix: string;
  /** Whether requests arrive with that path, because no proxy takes it off. */
  readonly kept: boolean;
  /** Paths that are reached without it as well: whoever looks after the process asks it directly. */
  readonly bare: ReadonlySet<string>;
}

/** Below none. */
export const ROOT: BasePath = { prefix: '', kept: false, bare: new Set() };

/** A path and a query, in what RFC 3986 has for them and some more ASCII that does no harm. */
const ORIGIN_FORM = /^\/[!"$-~]*$/;

/** A whole URL (RFC 9112, section 3.2.2): host with port, path with query. */
const ABSOLUTE_FORM = /^https?:\/\/((?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?)(\/[!"$-~]*|\?[!"$-~]*|)$/i;

/**
 * Makes the target of a request what routes look at, a path below the server's own with its query, and the `Host` what a whole
 * URL names. To be called before anybody reads `req.url`: what is neither would throw there, with the target in the error.
 * Throws `InvalidInputError` (code `target_invalid`) without the target, and `NotFoundError` for a path outside the prefix.
 */
export function resolveTarget(req: IncomingMessage, { prefix, kept, bare }: BasePath): void {
  const target = req.url ?? '';
  if (!ORIGIN_FORM.test(target)) req.url = fromOtherForm(req, target);
  if (kept) req.url = withoutPrefix(req.url ?? '', prefix, bare);
}

function fromOtherForm({ method, headers }: IncomingMessage, target: string): string {
  if (target === '*' && method === 'OPTIONS') throw new NotFoundError('this server has no options of its own');
  const [, host, path] = ABSOLUTE_FORM.exec(target) ?? [];
  if (host === undefined || path === undefined) {
    throw new InvalidInputError(
      'the target of the request is neither a path nor a URL: percent-encode all but visible ASCII, and `#`',
      { code: 'target_invalid' },
    );
  }
  headers.host = host;
  return path.startsWith('/') ? path : `/${path}`;
}

function withoutPrefix(url: string, prefix: string, bare: ReadonlySet<string>): string {
  const [path = ''] = url.split('?', 1);
  if (bare.has(path)) return url;
  if (path !== prefix && !path.startsWith(`${prefix}/`)) throw new NotFoundError('there is nothing at this path');
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
