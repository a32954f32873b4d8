import type { Context } from 'koa';
import type { Audit } from '../../core/audit/record.ts';
import type { DialectDeps } from '../dialect.ts';
import type { ReadFields } from './body.ts';
import type { VerstakSettings } from './settings.ts';

/** What every part of this API works with. */
export interface Verstak extends DialectDeps<VerstakSettings> {
  readonly audit: Audit<Context>;
  /** Reads the JSON body of anything but the sync. */
  readonly readFields: ReadFields;
}
