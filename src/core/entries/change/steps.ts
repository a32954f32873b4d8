/** What a change of an entry is made of. */

import type { Write } from '../../../storage/port.ts';
import type { EntryDoc } from '../../collections.ts';

/** What an entry is to hold. `size` is in bytes of the value. */
export type Content = Pick<
  EntryDoc,
  'value' | 'blob' | 'encoding' | 'content_type' | 'content_encoding' | 'meta' | 'expires_at'
> & { readonly size: number };

/** What becomes of an entry: it gets a content, it goes, or it stays as it is. */
export type Fate = { readonly content: Content } | 'removed' | 'kept';

/** What a decision may look at beside the entry. */
export interface Moment {
  readonly now: Date;
  /** What the entry is named by if it gets a content. */
  readonly etag: string;
}

/** A change of one entry. */
export interface Step<R> {
  readonly key: string;
  /**
   * Says what becomes of the entry, and what comes of that. It changes nothing itself, and is asked again when others were faster. What it
   * throws is thrown by the change, which then does nothing.
   */
  readonly decide: (before: EntryDoc | undefined, moment: Moment) => { readonly fate: Fate; readonly result: R };
  /** Of several changes together: what it leaves as it is has to be still so when the others are stored. */
  readonly holds?: boolean;
  /** What is written in the same commit, such as a record that it was done. What of it is taken already is `DuplicateKeyError`. */
  readonly also?: (result: R) => Write | undefined;
}

/** A change that waits for those before it. */
export interface Waiting {
  readonly step: Step<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}
