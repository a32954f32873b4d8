import type { CollectionSpec } from './port.ts';

/** What an engine needs to open. */
export interface OpenOptions {
  /** `file:<folder>` or a MongoDB connection string. */
  readonly host: string;
  /** MongoDB database. */
  readonly database: string;
  /** Logical collection name to physical one; a name that is not listed stands for itself. */
  readonly names: Readonly<Record<string, string>>;
  /** Every collection of every API, switched-off ones included: what is not listed cannot be used. */
  // biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
  readonly specs: readonly CollectionSpec<any>[];
}
