import { BlockList, isIP } from 'node:net';

/**
 * Tells whether an address belongs to a trusted proxy: one of those that `trusted` gives at this moment, IP addresses and CIDR
 * ranges. The same list is the same object.
 */
export function trustedProxies(trusted: () => readonly string[]): (address: string) => boolean {
  let last: readonly string[] = [];
  let proxies = new BlockList();
  return address => {
    const list = trusted();
    if (list.length === 0) return false;
    if (list !== last) {
      proxies = blockListOf(list);
      last = list;
    }
    return proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  };
}

function blockListOf(list: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const range of list) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  return proxies;
}

/** An address that a proxy names, as it is compared and shown: some add the port. */
export function forwardedAddress(text: string): string {
  const [, bracketed, v4] = /^(?:\[(.*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text.trim()) ?? [];
  return plainAddress(bracketed ?? v4 ?? text.trim());
}

/** An address of a socket as it is compared and shown: IPv4 that arrives on an IPv6 socket as IPv4, IPv6 without a zone. */
export function plainAddress(address: string): string {
  const [bare = ''] = address.split('%');
  return bare.startsWith('::ffff:') && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare;
}
