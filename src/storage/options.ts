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
  /**
   * Absent: to serve. `copy`: for `Storage.snapshot` and to read blobs; nothing is made, built, brought up to date or removed. `fill`: for
   * `Storage.fill`; also opens what another one has begun to fill, and nobody else may open.
   */
  readonly purpose?: 'copy' | 'fill' | undefined;
  /** Whether the engine is to remove nothing by itself at the moment. `guardWrites` is for what others write. Absent: it may. */
  readonly readOnly?: () => boolean;
}
