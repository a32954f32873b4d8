/** The limits of v2 that nobody can change. */

/** Longest key, and metadata of a value together, in bytes. */
export const KEY_BYTES = 1024;
export const META_BYTES = 1024;

/** Most operations of a batch, and bytes of its body. */
export const BATCH_OPS = 500;
export const BATCH_BYTES = 16_777_216;

/** Most names on a page of a list, and how many there are unless it is said. */
export const LIST_LIMIT = 1000;
export const LIST_DEFAULT = 100;

/** Bytes of the values on such a page; a single value may have more. */
export const LIST_VALUE_BYTES = 4_194_304;

/** Bytes of an answer that is kept under an `Idempotency-Key`. */
export const KEPT_BYTES = 4_194_304;

/** Hours for which the answer to a request with an `Idempotency-Key` is kept. */
export const IDEMPOTENCY_HOURS = 24;
