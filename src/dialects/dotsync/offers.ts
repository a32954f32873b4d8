import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import { mapInSlices } from '../../base/slices.ts';
import type { BodyLimits, JsonObject } from '../../http/body/body.ts';

/** Longest content of a file, in bytes. */
const FILE_BYTES = 1_048_576;
/** Most entries of one sync: a hundred configs with all the files they may have. */
const MAX_ENTRIES = 100_000;

/** What a sync's body may have: nobody parses far more entries than are taken. An entry has six values, itself included. */
export const SYNC_BODY: BodyLimits = {
  bytes: 16_777_216,
  values: 10 * MAX_ENTRIES,
  depth: 100,
  refusal: (_, exceeded) => (exceeded === 'values' ? tooManyEntries() : undefined),
};

const HASH = /^[0-9a-f]{64}$/;
const MODE = /^0?[0-7]{3}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** What a machine says about one of its files. */
export interface Offer {
  readonly path: string;
  /** Only for this config; absent: for every one that tracks the path. */
  readonly config?: string;
  /** Base64 of its bytes, decoded when the file's turn comes; absent: the machine offers nothing. */
  readonly content?: string;
  /** SHA-256 of what the machine had after its last sync. */
  readonly base?: string;
  /** Four octal digits. */
  readonly mode?: string;
}

/**
 * The entries of a sync, checked in slices; in the sync of one config `only` is its id. Throws `InvalidInputError` (code
 * `files_invalid`), `PayloadTooLargeError`.
 */
export async function readOffers({ files = [] }: JsonObject, only?: string): Promise<Offer[]> {
  if (!Array.isArray(files)) refuse('files', 'a list');
  if (files.length > MAX_ENTRIES) throw tooManyEntries();
  return mapInSlices(files, (entry, i) => readOffer(entry, `files[${i}]`, only));
}

/** Bytes of a valid base64 text. */
export function decodedSize(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** The error for a second entry that concerns the same file of the same config. */
export function twice(index: number): InvalidInputError {
  return new InvalidInputError(`files[${index}]: a second entry for the same file`, { code: 'files_invalid' });
}

function tooManyEntries(): PayloadTooLargeError {
  return new PayloadTooLargeError(MAX_ENTRIES, {}, 'files', 'entries');
}

function readOffer(entry: unknown, place: string, only: string | undefined): Offer {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) refuse(place, 'an object');
  const { path, config = only, content: sent, base: given, mode } = entry as Record<string, unknown>;
  if (typeof path !== 'string') refuse(`${place}.path`, 'a string');
  if (only !== undefined && config !== only) refuse(`${place}.config`, 'the id of the path, or none');
  if (config !== undefined && typeof config !== 'string') refuse(`${place}.config`, 'a string');
  const content = readContent(sent, `${place}.content`);
  const base = readBase(given, `${place}.base`);
  return {
    path,
    ...(config !== undefined && { config }),
    ...(content !== undefined && { content }),
    ...(base !== undefined && { base }),
    ...(mode !== undefined && { mode: readMode(mode, content, `${place}.mode`) }),
  };
}

/** `Buffer` would skip over what is no base64. */
function readContent(content: unknown, place: string): string | undefined {
  if (content === undefined || content === null) return undefined;
  if (typeof content !== 'string' || content.length % 4 !== 0) refuse(place, 'padded base64');
  if (decodedSize(content) > FILE_BYTES) {
    throw new PayloadTooLargeError(FILE_BYTES, { details: { limit: FILE_BYTES, field: place } });
  }
  const last = content.slice(-4);
  if (!BASE64.test(content) || Buffer.from(last, 'base64').toString('base64') !== last) refuse(place, 'padded base64');
  return content;
}

function readBase(base: unknown, place: string): string | undefined {
  if (base === undefined || base === null) return undefined;
  return typeof base === 'string' && HASH.test(base) ? base : refuse(place, 'a SHA-256 in lower-case hex');
}

function readMode(mode: unknown, content: string | undefined, place: string): string {
  if (typeof mode !== 'string' || !MODE.test(mode))
    refuse(place, 'three octal digits, with or without a 0 before them');
  if (content === undefined) refuse(place, 'only beside content');
  return mode.padStart(4, '0');
}

function refuse(place: string, expected: string): never {
  throw new InvalidInputError(`${place}: expected ${expected}`, { code: 'files_invalid' });
}
