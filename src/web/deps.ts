import type { AttemptSettings } from '../core/access/attempts.ts';
import type { Core } from '../core/context.ts';
import type { Origin } from '../http/browser/origin.ts';
import type { CallerOf, ClientAddress } from '../http/client-address.ts';

/** An API that has pages of its own. */
export type Api = 'keybin' | 'punch' | 'dotsync' | 'simple-sync' | 'verstak';

/** What pages need to know of the configuration. Functions give the value of this moment: it may change. */
export interface WebSettings {
  /** Whether the server speaks an API. */
  readonly speaks: (api: Api) => boolean;
  /** How far attempts at the pages of accounts go. */
  readonly attempts: () => AttemptSettings;
}

/** What opening the pages takes. */
export interface WebDeps {
  readonly core: Core;
  readonly origin: Origin;
  readonly clientAddress: ClientAddress;
  readonly callerOf: CallerOf;
  readonly settings: WebSettings;
  readonly version: string;
}
