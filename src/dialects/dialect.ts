import type { Core } from '../core/context.ts';
import type { Origin } from '../http/browser/origin.ts';
import type { CallerOf, ClientAddress } from '../http/client-address.ts';
import type { Operation } from '../http/openapi/operation.ts';
import type { Route } from '../http/routing.ts';
import type { CollectionSpec } from '../storage/port.ts';

/** What a dialect works with. `S` is what it needs to know of the configuration. */
export interface DialectDeps<S> {
  readonly core: Core;
  readonly clientAddress: ClientAddress;
  readonly callerOf: CallerOf;
  readonly origin: Origin;
  /** The settings in force: they may change while the server runs. */
  readonly settings: () => S;
}

/** One API: its name, the collections it owns, and how to open it. */
export interface Dialect<S> {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
  readonly collections: readonly CollectionSpec<any>[];
  readonly open: (deps: DialectDeps<S>) => OpenDialect;
}

/** An API that is served. */
export interface OpenDialect {
  readonly routes: readonly Route[];
  /** Called with every request of the server before its route is looked for, to set headers that errors have too. */
  readonly announce?: (ctx: Parameters<Route['handle']>[0]) => void;
  /** What the document of the API tells of them; absent: nothing. */
  readonly operations?: readonly Operation[];
  /**
   * Makes what the API needs in the storage. Called once the storage is ready, and again when the configuration was read
   * again; requests may come before. Several processes may run it at once.
   */
  readonly prepare?: () => Promise<void>;
  /** Housekeeping: called about every hour, by one of the processes, once the API is prepared. */
  readonly tidy?: () => Promise<void>;
  /** Ends answers that would go on for ever. Called when the server stops, before it waits for what is under way. */
  readonly stop?: () => void;
}
