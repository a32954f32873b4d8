/** The audit log as admins look through it. */

import { emailOf } from '../../base/email.ts';
import { isUsername } from '../../base/names.ts';
import { filterInSlices } from '../../base/slices.ts';
import type { Range } from '../../storage/port.ts';
import { type AuditDoc, accountsSpec, auditSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { devicesSpec } from '../devices/devices.ts';
import { contains, filterOf, type Listed, type PageQuery, pageOf, pageOfRange } from '../listing.ts';
import { pagesOf } from '../pages.ts';
import { type KeptParts, partUnlessChanged } from '../unchanged.ts';
import type { AuditEvent, Severity } from './events.ts';

/** Entries read at once. */
const PAGE = 250;

/** Most entries that are looked at for one page, and that are counted. */
const MOST = 10_000;

/** The newest of ranges that were searched. */
const known: KeptParts<readonly AuditDoc[]> = new WeakMap();

/** Which entries are asked for; a filter that is empty or absent lets all pass. */
export interface AuditQuery extends PageQuery {
  /** Part of the event, the message or the address, in any letter case. */
  readonly q?: string;
  readonly event?: AuditEvent | undefined;
  readonly severity?: Severity | undefined;
  /** The name, the e-mail or the id of an account; only the id, once the account is gone. */
  readonly user?: string;
}

/** An entry, and what the account and the device are called that it is about, if they are still there. */
export interface AuditRow {
  readonly entry: AuditDoc;
  readonly username: string | undefined;
  readonly deviceName: string | undefined;
}

/** A page of the log. Of more than 10,000 entries, `total` and the pages are about the newest 10,000. */
export interface ListedAudit extends Listed<AuditRow> {
  /** Whether there are more than `total` tells. */
  readonly more: boolean;
}

/**
 * A page of the log, newest entry first. With one filter but `q`, or none, only the entries of the page are read; with several, or
 * `q`, the newest 10,000 at most that the narrowest of them lets pass.
 */
export async function listAudit(core: Core, query: AuditQuery): Promise<ListedAudit> {
  const [narrowest, ...others] = await narrowOf(core, query);
  const range = narrowest ? { index: narrowest.index, prefix: [narrowest.value] } : { index: 'time' };
  const q = filterOf(query.q);
  if (others.length === 0 && q === '') {
    const listed = await pageOfRange(core.storage.collection(auditSpec), range, ({ id }) => [id], query, MOST);
    return { ...listed, items: await rowsOf(core, listed.items) };
  }
  return searched(core, range, query, entry => {
    return (
      others.every(({ field, value }) => entry[field] === value) &&
      contains(q, entry.event, entry.message, entry.address)
    );
  });
}

/** The page of those entries of a range that fit. */
async function searched(
  core: Core,
  range: Range,
  query: PageQuery,
  fits: (entry: AuditDoc) => boolean,
): Promise<ListedAudit> {
  const newest = await newestIn(core, range);
  const listed = pageOf(await filterInSlices(newest, fits), query);
  return { ...listed, items: await rowsOf(core, listed.items), more: newest.length >= MOST };
}

/** The newest entries of a range, as many as are looked at for a page. */
function newestIn(core: Core, range: Range): Promise<readonly AuditDoc[]> {
  const log = core.storage.collection(auditSpec);
  const part = { name: JSON.stringify(range), sizeOf: ({ length }: readonly AuditDoc[]) => length };
  return partUnlessChanged(log, known, part, async () => {
    const found: AuditDoc[] = [];
    const scan = { ...range, order: 'desc', limit: PAGE } as const;
    for await (const page of pagesOf(after => log.scan({ ...scan, ...after }))) {
      found.push(...page);
      if (found.length >= MOST) break;
    }
    return found;
  });
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
