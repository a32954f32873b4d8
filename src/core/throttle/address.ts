import { isIP, isIPv4 } from 'node:net';

/**
 * What counts as one address against guessing: an IPv4 address, or the /64 of an IPv6 one, which is what one household
 * gets. An IPv4-mapped address is the IPv4 address. What is no IP address stands for itself.
 */
export function addressGroup(address: string): string {
  const [plain = ''] = address.split('%');
  if (isIP(plain) !== 6) return address;
  const groups = ipv6Groups(plain);
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) return ipv4(groups[6], groups[7]);
  return `${groups
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')}::/64`;
}

function ipv6Groups(address: string): number[] {
  const [head = [], tail = []] = address.split('::').map(half => half.split(':').filter(Boolean).flatMap(parseGroup));
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** A dotted end, as in `::ffff:192.0.2.1`, is two groups. */
function parseGroup(text: string): number[] {
  if (!isIPv4(text)) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function ipv4(high = 0, low = 0): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
