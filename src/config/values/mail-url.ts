/** The option that names an SMTP server. */

import { isHostAndPort, isUserInfo, maskStoreHost, RESERVED_HINT } from './hosts.ts';
import { HIDDEN } from './option.ts';

/** The URL of an SMTP server, as it was given, or undefined. Empty is none. */
export function parseMailUrl(text: string): string | undefined {
  return text === '' || mailUrlHint(text) === undefined ? text : undefined;
}

/** What is wrong with it, and what to write; undefined when nothing is. Never shows a user or a password. */
export function mailUrlHint(text: string): string | undefined {
  const [, scheme = '', rest = ''] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === '') return 'begin it with `smtp://`, or with `smtps://` for TLS from the start';
  if (scheme !== 'smtp' && scheme !== 'smtps') return `\`${scheme}://\` is not a scheme known here`;
  const [authority = '', ...path] = rest.split(/(?=[/?#])/);
  const at = authority.lastIndexOf('@');
  const login = authority.slice(0, Math.max(at, 0));
  if ((at < 0 && rest.includes('@')) || !isUserInfo(login)) return RESERVED_HINT;
  if (at >= 0 && !/^[^:]+:[^:]+$/.test(login)) return 'before the `@` give both, `user:password`';
  const host = authority.slice(at + 1);
  if (host === '') return 'it names no host';
  if (!isHostAndPort(host) || host.includes(',') || !URL.canParse(text))
    return 'what it names is not `host` or `host:port`; a login is `user:password@` before it';
  return path.length === 0 || path.join('') === '/' ? undefined : 'nothing follows the host and its port';
}

/** The URL without its login. What has no `@` and is not as it must be shows nothing: it may be a login whose host was forgotten. */
export function maskMailUrl(text: string): string {
  if (text.includes('@') || parseMailUrl(text) !== undefined) return maskStoreHost(text);
  return `${/^smtps?:\/\//i.exec(text)?.[0] ?? ''}${HIDDEN}`;
}
