import type { Context } from 'koa';
import type { AttemptRules } from '../../core/access/throttle.ts';
import type { Audit } from '../../core/audit/record.ts';
import type { DialectDeps } from '../dialect.ts';
import type { ReadFields } from './body.ts';
import type { AttemptKind, VerstakSettings } from './settings.ts';

/** What every part of this API works with. */
export interface Verstak extends DialectDeps<VerstakSettings> {
  readonly audit: Audit<Context>;
  /** Reads the JSON body of anything but the sync. */
  readonly readFields: ReadFields;
}

/** How far attempts of this kind go, as the configuration says. */
export function rulesFor({ settings }: DialectDeps<VerstakSettings>, kind: AttemptKind): AttemptRules {
  const now = settings();
  return { kind: `verstak ${kind}`, max: now[`${kind}_attempts`], window: now[`${kind}_window`] };
}
