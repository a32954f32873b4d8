/** The audit log as admins look through it. */

import { emailOf } from '../../base/email.ts';
import { InvalidInputError } from '../../base/errors.ts';
import { isUsername } from '../../base/names.ts';
import { inSlices } from '../../base/slices.ts';
import type { Range } from '../../storage/port.ts';
import { type AuditDoc, accountsSpec, auditSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { devicesSpec } from '../devices/devices.ts';
import { contains, filterOf, type Listed, type PageQuery, pageOf, pageOfRange, placeIn } from '../listing.ts';
import type { AuditEvent, Severity } from './events.ts';

/** Entries read at once. */
const PAGE = 250;

/** Most entries that are looked at for one page of a search. */
const LOOKED_AT = 1500;

/** Most entries that are counted. */
const MOST = 10_000;

/** Which entries are asked for; a filter that is empty or absent lets all pass. */
export interface AuditQuery extends PageQuery {
  /** Part of the event, the message or the address, in any letter case. */
  readonly q?: string;
  readonly event?: AuditEvent | undefined;
  readonly severity?: Severity | undefined;
  /** The name, the e-mail or the id of an account; only the id, once the account is gone. */
  readonly user?: string;
  /** Where a search goes on: the `next` of the page before. What is none is as if it was not there. */
  readonly after?: string | undefined;
}

/** An entry, and what the account and the device are called that it is about, if they are still there. */
export interface AuditRow {
  readonly entry: AuditDoc;
  readonly username: string | undefined;
  readonly deviceName: string | undefined;
}

/** A page of the log. Of more than 10,000 entries, `total` and the pages are about the newest 10,000; of a search they are about what this page shows. */
export interface ListedAudit extends Listed<AuditRow> {
  /** Whether there are more than `total` tells. */
  readonly more: boolean;
  /** Of a search: how many entries were looked at, and where to look further, unless all were. */
  readonly search?: { readonly lookedAt: number; readonly next: string | undefined };
}

/**
 * A page of the log, newest entry first. With one filter but `q`, or none, it has a number and only its entries are read. With several,
 * or `q`, it is a search: of what the narrowest filter lets pass 1500 entries at most are looked at for a page, which may be short or
 * empty while more follow.
 */
export async function listAudit(core: Core, query: AuditQuery): Promise<ListedAudit> {
  const [narrowest, ...others] = await narrowOf(core, query);
  const range = narrowest ? { index: narrowest.index, prefix: [narrowest.value] } : { index: 'time' };
  const q = filterOf(query.q);
  if (others.length === 0 && q === '') {
    const listed = await pageOfRange(core.storage.collection(auditSpec), range, ({ id }) => [id], query, MOST);
    return { ...listed, items: await rowsOf(core, listed.items) };
  }
  const fits = (entry: AuditDoc) =>
    others.every(({ field, value }) => entry[field] === value) &&
    contains(q, entry.event, entry.message, entry.address);
  const { found, ...search } = await searched(core, range, query, fits);
  const { items, ...listed } = pageOf(found, { page: 1, perPage: query.perPage });
  return { ...listed, items: await rowsOf(core, items), more: false, search };
}

/** The newest entries of a range that fit, from where the search stands, as many as a page has. */
async function searched(core: Core, range: Range, query: AuditQuery, fits: (entry: AuditDoc) => boolean) {
  const log = core.storage.collection(auditSpec);
  const { perPage } = placeIn(0, query);
  const scan = { ...range, order: 'desc', limit: PAGE } as const;
  const read = (from: string | undefined) => log.scan({ ...scan, ...(from !== undefined && { cursor: from }) });
  const slices = inSlices();
  const found: AuditDoc[] = [];
  let lookedAt = 0;
  let next = query.after;
  let page = await read(next).catch(error => {
    if (next === undefined || !(error instanceof InvalidInputError)) throw error;
    next = undefined;
    return read(next);
  });
  for (;;) {
    for (const [i, entry] of page.items.entries()) {
      lookedAt++;
      if (!fits(entry)) continue;
      found.push(entry);
      const isLast = i === page.items.length - 1;
      if (found.length < perPage || isLast) continue;
      // Where the page is full the next one begins: behind as many entries as this took of those that were read.
      const taken = await log.scan({
        ...scan,
        covered: true,
        limit: i + 1,
        ...(next !== undefined && { cursor: next }),
      });
      return { found, lookedAt, next: taken.next };
    }
    next = page.next;
    if (next === undefined || found.length >= perPage || lookedAt >= LOOKED_AT) return { found, lookedAt, next };
    if (slices.over()) await slices.pause();
    page = await read(next);
  }
}

/** A filter by a field that has an index. */
interface Narrow {
  readonly index: 'user' | 'event' | 'severity';
  readonly field: 'user_id' | 'event' | 'severity';
  readonly value: string;
}

/** The filters, the one that lets fewest pass first. */
async function narrowOf(core: Core, { user = '', event, severity }: AuditQuery): Promise<Narrow[]> {
  const narrow: Narrow[] = [];
  if (user.trim() !== '') narrow.push({ index: 'user', field: 'user_id', value: await accountIdOf(core, user.trim()) });
  if (event !== undefined) narrow.push({ index: 'event', field: 'event', value: event });
  if (severity !== undefined) narrow.push({ index: 'severity', field: 'severity', value: severity });
  return narrow;
}

/** What is neither a name nor an e-mail may be the id of an account that is gone. */
async function accountIdOf(core: Core, user: string): Promise<string> {
  const accounts = core.storage.collection(accountsSpec);
  const text = user.slice(0, 320).replaceAll('\0', '');
  const email = emailOf(text);
  const account =
    (isUsername(text) ? await accounts.find('username', [text]) : undefined) ??
    (email === undefined ? undefined : await accounts.find('email', [email]));
  return account?.user_id ?? text;
}

async function rowsOf(core: Core, entries: readonly AuditDoc[]): Promise<AuditRow[]> {
  const users = entries.flatMap(({ user_id }) => (user_id === undefined ? [] : [[user_id]]));
  const about = entries.flatMap(({ user_id, device_id }) =>
    user_id === undefined || device_id === undefined ? [] : [[user_id, device_id]],
  );
  const [accounts, devices] = await Promise.all([
    core.storage.collection(accountsSpec).getMany(users),
    core.storage.collection(devicesSpec).getMany(about),
  ]);
  const names = new Map(accounts.flatMap(known => (known ? [[known.user_id, known.username]] : [])));
  const deviceNames = new Map(devices.flatMap(known => (known ? [[known.device_id, known.name]] : [])));
  return entries.map(entry => ({
    entry,
    username: names.get(entry.user_id ?? ''),
    deviceName: deviceNames.get(entry.device_id ?? ''),
  }));
}
