import { BlockList, isIP } from 'node:net';
import type { Context } from 'koa';

/** Finds the address of the client. */
export type ClientAddress = (ctx: Context) => string;

/**
 * The TCP peer; if that is a trusted proxy, the rightmost address of `X-Forwarded-For` that is not one. `trusted` holds IP
 * addresses and CIDR ranges.
 */
export function clientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList();
  for (const range of trusted) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return ctx => {
    let client = plain(ctx.req.socket.remoteAddress ?? '');
    if (trusted.length === 0) return client;
    const hops = ctx
      .get('X-Forwarded-For')
      .split(',')
      .map(hop => plain(hop.trim()));
    while (isTrusted(client)) {
      const hop = hops.pop();
      if (hop === undefined || isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  };
}

/** IPv4 addresses that arrive on an IPv6 socket, as IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
