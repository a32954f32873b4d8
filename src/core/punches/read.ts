/** Punches as pages show them, found by when they began. */

import { InvalidInputError, NotFoundError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';
import type { Page } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { type PunchDoc, punchesSpec } from './collection.ts';

/** A punch as clients know it; fields of their own may be beside these. Times are in milliseconds. */
export interface PunchView {
  readonly id: string;
  readonly project: string;
  readonly in: number;
  /** null: the clock runs. */
  readonly out: number | null;
  /** For an hour. */
  readonly rate: number;
  readonly comments: readonly { readonly comment: string; readonly timestamp: number }[];
  readonly created: number;
  readonly updated: number;
}

/** Of a punch what is added up. */
export type PunchBrief = Pick<PunchView, 'id' | 'project' | 'in' | 'out' | 'rate'>;

/** From a moment on and before another, in milliseconds. */
export interface Period {
  readonly from?: number | undefined;
  readonly below?: number | undefined;
}

/** Which punches to list: those that began in the period. */
export interface PunchQuery extends Period {
  /** 1 to 1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly project?: string | undefined;
}

const DAY_MS = 86_400_000;
/** How long before a period what reaches into it has begun at most. */
const LONGEST_MS = 7 * DAY_MS;
/** How long ago a clock that still runs was started at most. */
const RUNNING_MS = 62 * DAY_MS;
const MOST = 1000;
/** Punches read at once, and looked at for a page of one project. */
const READ = 200;
const LOOKED_AT = 2000;

/** The punch with this id. Throws `NotFoundError` (code `punch_not_found`). */
export async function getPunch(core: Core, accountId: string, id: string): Promise<PunchView> {
  const doc = id.includes('\0') ? undefined : await core.storage.collection(punchesSpec).get([accountId, id]);
  if (doc?.body === undefined) throw punchNotFound();
  return viewOf(doc.body);
}

/** The error for an id without a punch. */
export function punchNotFound(): NotFoundError {
  return new NotFoundError('there is no such punch', { code: 'punch_not_found' });
}

/**
 * A page of punches, the last begun first. Where a project is asked for, a page may be short, or even empty, and more follow: so
 * many are looked at for one page. Throws `InvalidInputError` (codes `limit_invalid`, `cursor_invalid`).
 */
export async function listPunches(core: Core, accountId: string, query: PunchQuery): Promise<Page<PunchView>> {
  const { limit, project } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new InvalidInputError(`limit: expected an integer from 1 to ${MOST}`, { code: 'limit_invalid' });
  }
  const punches = core.storage.collection(punchesSpec);
  const range = { ...rangeOf(accountId, query), order: 'desc' as const };
  let cursor = query.cursor;
  if (project === undefined) {
    const { items, next } = await punches.scan({ ...range, limit, ...(cursor !== undefined && { cursor }) });
    return { items: viewsOf(items), ...(next !== undefined && { next }) };
  }
  const items: PunchView[] = [];
  const slices = inSlices();
  for (let seen = 0; items.length < limit && seen < LOOKED_AT; ) {
    // No more than there is room for: the cursor stands behind the last one read.
    const some = Math.min(limit - items.length, READ);
    const page = await punches.scan({ ...range, limit: some, ...(cursor !== undefined && { cursor }) });
    seen += page.items.length;
    items.push(...viewsOf(page.items).filter(punch => punch.project === project));
    cursor = page.next;
    if (cursor === undefined) return { items };
    if (slices.over()) await slices.pause();
  }
  return { items, ...(cursor !== undefined && { next: cursor }) };
}

/** The punches with these ids, in their order, without those that are gone. */
export async function punchesWith(core: Core, accountId: string, ids: readonly string[]): Promise<PunchView[]> {
  return viewsOf(await core.storage.collection(punchesSpec).getMany(ids.map(id => [accountId, id])));
}

/**
 * The punches that touch a period as `briefsIn` gives them, some at a time, each with its JSON text as its client sent it; of one
 * project where that is asked for.
 */
export async function* punchTexts(
  core: Core,
  accountId: string,
  { project, ...period }: Period & { readonly project?: string | undefined },
): AsyncGenerator<{ readonly punch: PunchView; readonly json: string }[]> {
  for await (const page of docPages(core, accountId, reachingInto(period), 'asc')) {
    yield page
      .flatMap(({ body }) => (body === undefined ? [] : [{ punch: viewOf(body), json: body }]))
      .filter(({ punch }) => touches(punch, period) && (project === undefined || punch.project === project));
  }
}

/** The period in which what touches another one begins. */
export function reachingInto<P extends Period>({ from, ...rest }: P): P {
  return { ...rest, from: from === undefined ? undefined : from - LONGEST_MS } as P;
}

/** Whether a punch that began before the end of a period lies in it. */
export function touches({ in: start, out }: Pick<PunchView, 'in' | 'out'>, { from }: Period): boolean {
  return from === undefined || start >= from || out === null || out > from;
}

/** The punches whose clock runs, the last begun first, 200 at most; of those begun in the last 62 days, and later. */
export async function runningPunches(core: Core, accountId: string): Promise<PunchView[]> {
  const from = core.clock.now() - RUNNING_MS;
  const range = { index: 'running', prefix: [accountId, 1], from };
  const { items } = await core.storage.collection(punchesSpec).scan({ ...range, order: 'desc', limit: READ });
  return viewsOf(items).filter(({ out }) => out === null);
}

/** What a project came to. */
export interface ProjectTotal {
  readonly project: string;
  readonly punches: number;
  readonly ms: number;
  /** Hours by their rates: in whatever currency the rates are. */
  readonly earned: number;
}

/** What of each project lies in the period, clocks that run up to now; the longest first. Punches as `briefsIn`. */
export function projectTotals(
  punches: readonly Omit<PunchBrief, 'id'>[],
  { from, below }: { readonly from: number; readonly below: number },
  now: number,
): ProjectTotal[] {
  const totals = new Map<string, { project: string; punches: number; ms: number; earned: number }>();
  for (const { project, in: start, out, rate } of punches) {
    let total = totals.get(project);
    if (total === undefined) {
      total = { project, punches: 0, ms: 0, earned: 0 };
      totals.set(project, total);
    }
    const ms = Math.max(0, Math.min(out ?? now, below) - Math.max(start, from));
    total.punches++;
    total.ms += ms;
    total.earned += (ms / 3_600_000) * rate;
  }
  return [...totals.values()].sort((a, b) => b.ms - a.ms);
}

/** The projects of the last so many punches, that of the last one first. */
export async function projectsOf(core: Core, accountId: string, among = MOST): Promise<string[]> {
  const last = { ...rangeOf(accountId, {}), order: 'desc' as const, limit: among, covered: true };
  const { items } = await core.storage.collection(punchesSpec).scan(last);
  return [...new Set(items.flatMap(({ project }) => project ?? []))];
}

/** All punches that began in the period, some at a time. */
export async function* punchPages(
  core: Core,
  accountId: string,
  period: Period,
  order: 'asc' | 'desc' = 'asc',
): AsyncGenerator<PunchView[]> {
  for await (const page of docPages(core, accountId, period, order)) yield viewsOf(page);
}

function docPages(core: Core, accountId: string, period: Period, order: 'asc' | 'desc'): AsyncGenerator<PunchDoc[]> {
  const punches = core.storage.collection(punchesSpec);
  const scan = { ...rangeOf(accountId, period), order, limit: READ };
  return pagesOf(after => punches.scan({ ...scan, ...after }));
}

function rangeOf(accountId: string, { from, below }: Period) {
  const bounds = { ...(from !== undefined && { from }), ...(below !== undefined && { below }) };
  return { index: 'starts', prefix: [accountId], ...bounds };
}

function viewsOf(docs: readonly (Pick<PunchDoc, 'body'> | undefined)[]): PunchView[] {
  return docs.flatMap(doc => (doc?.body === undefined ? [] : [viewOf(doc.body)]));
}

function viewOf(body: string): PunchView {
  return JSON.parse(body);
}
