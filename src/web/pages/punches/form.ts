/** A punch as a form shows it, and what the form changes. */

import type { Context } from 'koa';
import { AppError } from '../../../base/errors.ts';
import type { PunchChange } from '../../../core/punches/edit.ts';
import { refuse } from '../../../core/punches/punch.ts';
import type { PunchView } from '../../../core/punches/read.ts';
import { fieldOf, momentIn } from '../../calendar/words.ts';
import type { Zone } from '../../calendar/zone.ts';
import { hasMessage, type Translate } from '../../i18n/messages.ts';
import { type Problem, told } from '../../problems.ts';
import type { Fields } from '../../routes.ts';

/** Comments that can be changed; further and longer ones are shown. */
const COMMENTS = 40;
const COMMENT_LENGTH = 1000;

const comments = Array.from({ length: COMMENTS }, (_, i) => `comment${i}` as const);

/** The fields of the form. `seen` is the `updated` that it shows, `zone` the zone of its times, `back` where it leads. */
export const FIELDS = ['seen', 'zone', 'back', 'project', 'in', 'out', 'rate', 'comment', ...comments] as const;

/** Bytes of a form with as many and as long comments. */
export const FORM_BYTES = 524_288;

/** What was sent. */
export type Given = Fields<(typeof FIELDS)[number]>;

/** What stands in the fields. */
export interface Values {
  readonly project: string;
  readonly in: string;
  readonly out: string;
  readonly rate: string;
  readonly comment: string;
}

/** The values of a punch. */
export function valuesOf({ project, in: start, out, rate }: PunchView, zone: Zone): Values {
  const ended = out === null ? '' : fieldOf(zone, out);
  return { project, in: fieldOf(zone, start), out: ended, rate: rate === 0 ? '' : String(rate), comment: '' };
}

/** A comment as the form has it: `name` is that of its field, where it can be changed. */
export function commentsOf(punch: PunchView): { text: string; at: number; name?: (typeof comments)[number] }[] {
  return punch.comments.map(({ comment, timestamp }, i) => {
    const name = comment.length <= COMMENT_LENGTH ? comments[i] : undefined;
    return { text: comment, at: timestamp, ...(name !== undefined && { name }) };
  });
}

/**
 * What a form says of a new punch. Throws `InvalidInputError` (code `punches_invalid`) that names the field, as the core does.
 */
export function newPunch(given: Given, zone: Zone, now: number): PunchChange & Pick<PunchView, 'project' | 'in'> {
  const comment = given.comment.trim();
  return {
    project: given.project.trim(),
    in: momentOf(given.in, zone, 'in'),
    out: given.out === '' ? null : momentOf(given.out, zone, 'out'),
    rate: rateOf(given.rate),
    comments: comment === '' ? [] : [{ comment, timestamp: now }],
  };
}

/** What a form changes of a punch: what stands there as it was shown stays as it is, to the last millisecond. Throws as `newPunch`. */
export function changeOf(punch: PunchView, given: Given, zone: Zone, now: number): PunchChange {
  const shown = valuesOf(punch, zone);
  const kept = commentsOf(punch).flatMap(({ text, name }, i) => {
    const old = punch.comments[i];
    const typed = name === undefined ? text : (given[name] ?? '');
    if (old === undefined || isSame(typed, text)) return old ?? [];
    const comment = typed.trim();
    return comment === '' ? [] : [{ ...old, comment }];
  });
  const added = given.comment.trim();
  const all = added === '' ? kept : [...kept, { comment: added, timestamp: now }];
  const isOther = all.length !== punch.comments.length || all.some((one, i) => one !== punch.comments[i]);
  return {
    ...(!isSame(given.project, shown.project) && { project: given.project.trim() }),
    ...(given.in !== shown.in && { in: momentOf(given.in, zone, 'in') }),
    ...(given.out !== shown.out && { out: given.out === '' ? null : momentOf(given.out, zone, 'out') }),
    ...(given.rate !== shown.rate && { rate: rateOf(given.rate) }),
    ...(isOther && { comments: all }),
  };
}

/** What is wrong with a punch, at its field. Throws as `told`. */
export function punchProblem(ctx: Context, error: unknown, t: Translate): Problem {
  const problem = told(ctx, error, t);
  if (!(error instanceof AppError)) return problem;
  const field = /^punch\.(\w+)/.exec(error.message)?.[1] ?? '';
  const key = `punches.wrong_${field}`;
  return hasMessage(key) ? { ...problem, text: t(key), field: field === 'comments' ? 'comment' : field } : problem;
}

function momentOf(text: string, zone: Zone, field: string): number {
  return momentIn(zone, text) ?? refuse(`punch.${field}`, 'expected a date and a time');
}

function rateOf(text: string): number {
  const plain = text.trim().replace(/\s/g, '').replace(',', '.');
  if (plain === '') return 0;
  return /^\d+(\.\d*)?$|^\.\d+$/.test(plain) ? Number(plain) : refuse('punch.rate', 'expected a number');
}

/** Whether a field came back as it was: browsers change line ends, and what is no Unicode. */
function isSame(given: string, shown: string): boolean {
  const plain = (text: string) => text.toWellFormed().replace(/[\r\n]/g, '');
  return plain(given) === plain(shown);
}
