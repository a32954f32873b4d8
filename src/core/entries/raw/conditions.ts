/** `If-Match` and `If-None-Match` of v2, decided on what is there when the change is stored (RFC 9110, section 13). */

import { InvalidInputError, PreconditionFailedError } from '../../../base/errors.ts';
import type { EntryDoc } from '../../collections.ts';
import { etagOf } from './representation.ts';

/** One entity tag as RFC 9110, section 8.8.3, writes it. */
const TAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;
/** A list of them; empty members are allowed. */
const MEMBER = /[ \t]*(?:((?:W\/)?"[^"]*")[ \t]*)?(?:,|$)/y;

/** Tags that are named, or `*`: any. */
type Named = '*' | readonly { readonly tag: string; readonly weak: boolean }[];

/** What a request demands of the entry. */
export interface Conditions {
  readonly match?: Named;
  readonly noneMatch?: Named;
}

/** The conditions in the text of headers. Throws `InvalidInputError` (codes `if_match_invalid`, `if_none_match_invalid`). */
export function readConditions(given: {
  readonly if_match?: string | undefined;
  readonly if_none_match?: string | undefined;
}): Conditions {
  const { if_match, if_none_match } = given;
  return {
    ...(if_match !== undefined && { match: named('if_match', if_match) }),
    ...(if_none_match !== undefined && { noneMatch: named('if_none_match', if_none_match) }),
  };
}

function named(field: 'if_match' | 'if_none_match', text: string): Named {
  if (text.trim() === '*') return '*';
  const tags: { tag: string; weak: boolean }[] = [];
  for (let at = 0; at < text.length; ) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(text);
    const [, weak, tag] = TAG.exec(member?.[1] ?? '') ?? [];
    if (member === null || (member[1] !== undefined && tag === undefined)) throw invalid(field);
    if (tag !== undefined) tags.push({ tag, weak: weak !== undefined });
    at += Math.max(member[0].length, 1);
  }
  if (tags.length === 0) throw invalid(field);
  return tags;
}

function invalid(field: 'if_match' | 'if_none_match'): InvalidInputError {
  const name = field === 'if_match' ? 'If-Match' : 'If-None-Match';
  return new InvalidInputError(`${name}: expected * or entity tags in quotes, with commas between them`, {
    code: `${field}_invalid`,
  });
}

/** Throws `PreconditionFailedError` with the etag of what is there, unless a change may go on. */
export function demandConditions(conditions: Conditions, entry: EntryDoc | undefined): void {
  demandMatch(conditions, entry);
  if (isKnown(conditions, entry)) throw failed(entry);
}

/** Throws `PreconditionFailedError` unless the entry is one that `If-Match` names. */
export function demandMatch({ match }: Conditions, entry: EntryDoc | undefined): void {
  if (match === undefined) return;
  const etag = entry && etagOf(entry);
  // Compared strongly: a weak tag is never the same.
  const fits = match === '*' ? entry !== undefined : match.some(({ tag, weak }) => !weak && tag === etag);
  if (!fits) throw failed(entry);
}

/** Whether `If-None-Match` names the entry: who asks for it has it. */
export function isKnown({ noneMatch }: Conditions, entry: EntryDoc | undefined): boolean {
  if (noneMatch === undefined || entry === undefined) return false;
  return noneMatch === '*' || noneMatch.some(({ tag }) => tag === etagOf(entry));
}

function failed(entry: EntryDoc | undefined): PreconditionFailedError {
  return new PreconditionFailedError(entry && etagOf(entry));
}
