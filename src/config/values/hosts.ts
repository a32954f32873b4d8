/** The two options called `host`: the address to listen on, and where the data is; and the parts of URLs like the latter. */

import { isIP } from 'node:net';

/** How to write what has a meaning of its own in a URL with a login. */
export const RESERVED_HINT =
  'in user name and password write `:` as `%3A`, `/` as `%2F`, `?` as `%3F`, `#` as `%23`, `@` as `%40`, `%` as `%25`';

/** An address or name to listen on, or undefined. */
export function parseListenHost(text: string): string | undefined {
  return isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) ? text : undefined;
}

/** Explains the usual mistakes with an address to listen on. */
export function listenHostHint(text: string): string | undefined {
  if (text.includes('://')) return 'write the address alone, without a scheme';
  const [, address, port] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  if (address !== undefined && parseListenHost(address)) return `write \`host=${address}\` and \`port=${port}\``;
  return /^\[.*\]$/.test(text) ? 'write it without brackets' : undefined;
}

/**
 * A folder (`file:…`) or a MongoDB connection string whose outline is right, or undefined. The driver checks the rest.
 * The original reads its file with Python's interpolation, where `%%` stands for `%`; in a connection string `%%` can mean
 * nothing else.
 */
export function parseStoreHost(text: string): string | undefined {
  const host = text.startsWith('file:') ? text : text.replaceAll('%%', '%');
  return storeHostHint(host) === undefined ? host : undefined;
}

/** What is wrong with a store's host, and what to write; undefined when nothing is. */
export function storeHostHint(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text.startsWith('file:')) return folderHint(text.slice('file:'.length));
  const [, scheme = '', rest = ''] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === 'mongodb' || scheme === 'mongodb+srv') return connectionStringHint(rest, scheme === 'mongodb+srv');
  if (scheme !== '') return `\`${scheme}://\` is not a scheme known here`;
  if (/^(\.{0,2}[/\\]|\.|[A-Za-z]:\\)/.test(text)) return `for a folder write \`file:${text}\``;
  const withPort = /:\d+\/?$/.test(text) ? text : `${text}:27017`;
  return `for MongoDB write \`${maskStoreHost(`mongodb://${withPort}`)}\``;
}

function folderHint(folder: string): string | undefined {
  if (folder === '') return 'it names no folder';
  const [, name] = /^\/\/([^/].*)$/.exec(folder) ?? [];
  if (name !== undefined)
    return `write \`file:./${name}\` or \`file:/${name}\`: \`//\` would begin the name of a computer`;
  return folder.includes('\0') ? 'it holds U+0000' : undefined;
}

function connectionStringHint(rest: string, srv: boolean): string | undefined {
  const authority = rest.split(/[/?]/, 1)[0] ?? '';
  const at = authority.lastIndexOf('@');
  if ((at < 0 && rest.includes('@')) || !isUserInfo(authority.slice(0, Math.max(at, 0)))) {
    return RESERVED_HINT;
  }
  const hosts = authority.slice(at + 1).split(',');
  if (hosts.includes('')) return hosts.length === 1 ? 'it names no host' : 'the list of hosts has an empty place';
  if (srv)
    return hosts.length > 1 || authority.slice(at + 1).includes(':')
      ? '`mongodb+srv` takes one host and no port'
      : undefined;
  const bad = hosts.find(host => !isHostAndPort(host));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is not \`host\` or \`host:port\``;
}

/** Whether it can stand before the `@` of a URL: percent-encoded, with one `:` at most. */
export function isUserInfo(text: string): boolean {
  return /^[^:@/?#[\]]*(:[^:@/?#[\]]*)?$/.test(text) && !/%(?![0-9A-Fa-f]{2})/.test(text);
}

/** Whether it is `host` or `host:port`, an IPv6 address in brackets. */
export function isHostAndPort(text: string): boolean {
  const [, port] = /^(?:[^\s:[\]]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text) ?? [undefined, '0'];
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
}

/** Hides user name and password, and secrets among the parameters. A folder has none. */
export function maskStoreHost(text: string): string {
  if (text.startsWith('file:')) return text;
  return text
    .replace(/^([a-z+]*:\/\/)?.*@/is, '$1***:***@')
    .replace(/([?&](?:[^=&]*password|authMechanismProperties)=)[^&]*/gi, '$1***');
}
