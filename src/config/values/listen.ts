/** An address with its port, to listen on. */

import { listenHostHint, parseListenHost } from './hosts.ts';

/** Host and port of `127.0.0.1:9465`, `[::1]:9465` or `localhost:9465`; undefined when it is none. */
export function splitListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535 || parseListenHost(host) === undefined) return undefined;
  return bracketed !== undefined && !bracketed.includes(':') ? undefined : { host, port };
}

/** Whether such an address is reached from its own machine alone. */
export function isOwnMachine(text: string): boolean {
  const host = splitListen(text)?.host ?? '';
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Explains the usual mistakes. */
export function listenHint(text: string): string | undefined {
  if (/^:?\d+$/.test(text)) return `write the address too: \`127.0.0.1:${text.replace(':', '')}\``;
  if (text.includes('://')) return listenHostHint(text);
  const [, address, port] = /^(.*:.*):(\d{1,5})$/.exec(text) ?? [];
  if (address !== undefined && parseListenHost(address)) return `write \`[${address}]:${port}\``;
  return parseListenHost(text) === undefined
    ? undefined
    : `write the port too: \`${text.includes(':') ? `[${text}]` : text}:9465\``;
}
