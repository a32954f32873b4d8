/** Lists of addresses as people write them, in the configuration and at a page. */

import { isIP } from 'node:net';

/** IP addresses and CIDR ranges, between commas or spaces; undefined when something else stands there. None is fine. */
export function parseAddresses(text: string): readonly string[] | undefined {
  const list = listOf(text);
  return list.every(isAddressOrRange) ? list : undefined;
}

/** What stands between commas or spaces. */
export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function isAddressOrRange(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
