import type { Core } from '../core/context.ts';
import type { ClientAddress } from '../middleware/client-address.ts';
import type { Route } from '../middleware/routing.ts';
import type { CollectionSpec } from '../storage/port.ts';

/** What a dialect is given to build its routes. */
export interface DialectDeps {
  readonly core: Core;
  readonly clientAddress: ClientAddress;
}

/** One API: its routes, and the collections it owns. */
export interface Dialect {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
  readonly collections: readonly CollectionSpec<any>[];
  readonly routes: (deps: DialectDeps) => Route[];
}
