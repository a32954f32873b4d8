import type { Context } from 'koa';
import type { Audit } from '../core/audit/record.ts';
import type { WebDeps } from './deps.ts';
import type { Pages } from './view.ts';

/** What every page works with. */
export interface Web extends WebDeps {
  readonly audit: Audit<Context>;
  readonly pages: Pages;
}
