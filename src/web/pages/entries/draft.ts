/** What a form about an entry has: read from it, and made of an entry. */

import { InvalidInputError } from '../../../base/errors.ts';
import { parseJson, parseOwnJson } from '../../../base/json/parse.ts';
import type { EntryDoc } from '../../../core/collections.ts';
import { contentOf } from '../../../core/entries/content.ts';
import { valueAsJson } from '../../../core/entries/values.ts';
import { KEPT, type NewValue, type Seen, seenOf } from '../../../core/entries/write.ts';
import type { Fields } from '../../routes.ts';
import { prettyJson } from './pretty.ts';

/** The fields of the form. */
export const FIELDS = ['key', 'seen', 'kind', 'value', 'content_type', 'expires'] as const;

/** A form as it was filled in: `kind` is `text`, `json`, or `keep` where the value stays as it is. */
export type Draft = Fields<(typeof FIELDS)[number]>;

/** Longest value that a form has in it, in characters; longer ones are uploaded. */
const EDITABLE = 262_144;
const PRETTY = 65_536;

/** As the API takes them. */
const JSON_LIMITS = { depth: 1_000, values: 1_000_000 };

/** What a browser would not send back as it is. */
const NOT_IN_FORMS = /[\r\0]/;

/** The form of an entry as it is now. */
export function draftOf(entry: EntryDoc): Draft {
  const content = contentOf(entry);
  const common = {
    key: entry.key,
    seen: seenText(entry),
    content_type: entry.content_type ?? '',
    expires: minuteOf(entry.expires_at),
  };
  const isShort = content.kind === 'text' || content.kind === 'json';
  if (!isShort || content.text.length > EDITABLE) return { ...common, kind: 'keep', value: '' };
  const { kind, text } = content;
  if (kind === 'text' && !NOT_IN_FORMS.test(text)) return { ...common, kind, value: text };
  const json = kind === 'text' ? JSON.stringify(text) : text;
  return { ...common, kind: 'json', value: json.length > PRETTY ? json : prettyJson(json) };
}

/** What a form carries of the entry that was seen. */
export function seenText(entry: EntryDoc | undefined): string {
  const seen = seenOf(entry);
  return seen === 'absent' ? seen : `=${seen.etag}`;
}

/** The entry that was seen. */
export function seenIn(text: string): Seen {
  return text.startsWith('=') ? { etag: text.slice(1) } : 'absent';
}

/**
 * What the form wants stored; `present` is the entry that is there, if any. Throws `InvalidInputError` (codes `json_invalid`,
 * `content_type_invalid`, `expires_invalid`).
 */
export async function newValueOf(draft: Draft, present: EntryDoc | undefined, now: number): Promise<NewValue> {
  const contentType = contentTypeOf(draft.content_type);
  const expiresAt = expiryOf(draft.expires, present?.expires_at, now);
  return { value: await wantedValue(draft, present), contentType, expiresAt };
}

async function wantedValue({ kind, value }: Draft, present: EntryDoc | undefined): Promise<unknown> {
  // Forms have lines end in CR LF.
  if (kind === 'text') return value.replace(/\r\n?/g, '\n');
  if (kind === 'keep' && present) return keptValue(present);
  const bytes = Buffer.from(value);
  if (/^\s*$/.test(value)) throw new InvalidInputError('this is not JSON', { code: 'json_invalid' });
  return parseJson(bytes, JSON_LIMITS);
}

async function keptValue(entry: EntryDoc): Promise<unknown> {
  const content = contentOf(entry);
  if (content.kind === 'long') return KEPT;
  if (content.kind === 'bytes') return content.bytes;
  return content.kind === 'text' ? content.text : parseOwnJson(valueAsJson(entry));
}

/** The type, if one was given. Throws `InvalidInputError` (code `content_type_invalid`). */
export function contentTypeOf(text: string): string | undefined {
  const type = text.trim();
  if (type === '') return undefined;
  if (type.length <= 200 && /^[\w.+-]+\/[\w.+-]+( *;[ -~]*)?$/.test(type)) return type;
  throw new InvalidInputError('content type: expected one as `text/plain`', { code: 'content_type_invalid' });
}

/** A moment to the minute as fields of forms have it, in UTC. */
function minuteOf(date: Date | undefined): string {
  return date?.toISOString().slice(0, 16) ?? '';
}

/** When it ends; as it is where the form still says the same minute. Throws `InvalidInputError` (code `expires_invalid`). */
function expiryOf(text: string, present: Date | undefined, now: number): Date | undefined {
  if (text === '') return undefined;
  if (present !== undefined && text === minuteOf(present)) return present;
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  if (moment > now) return new Date(moment);
  throw new InvalidInputError('expires: expected a moment to come', { code: 'expires_invalid' });
}
