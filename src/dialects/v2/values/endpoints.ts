/** One value: `/v2/kv/{key}`, `touch`, `incr`, `info` (v2.md, section 2). */

import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import type { V2Settings } from '../settings.ts';

/** The routes of single values. */
export function valueEndpoints(_deps: DialectDeps<V2Settings>): Endpoint[] {
  return [];
}
