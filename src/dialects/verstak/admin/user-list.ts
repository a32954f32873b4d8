/** The accounts of the server as admins look through them. */

import { readableEmail } from '../../../base/email.ts';
import { mapInSlices, sortInSlices } from '../../../base/slices.ts';
import { publicId } from '../../../core/accounts/accounts.ts';
import { type AccountDoc, accountsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { devicesSpec } from '../../../core/devices/devices.ts';
import { pagesOf } from '../../../core/pages.ts';
import { invalidRequest } from '../refusals.ts';
import { timeOf } from '../times.ts';

const PER_PAGE = { usual: 20, most: 100 };
const FILTER_CHARACTERS = 160;
/** Documents read at once. */
const PAGE = 1000;

/** An account without what nobody may see, and how many devices it has where that was counted. */
type Row = Omit<AccountDoc, 'password'> & { devices?: number };

/** What a list may be sorted by, and the value that is compared. */
const SORTS = {
  username: (row: Row) => row.username ?? '',
  email: (row: Row) => row.email ?? '',
  confirmed,
  blocked,
  created_at: (row: Row) => row.created_at?.getTime() ?? 0,
  last_seen: (row: Row) => row.last_seen?.getTime() ?? 0,
  devices: (row: Row) => row.devices ?? 0,
};

type Sort = keyof typeof SORTS;

/** Which part of the list is asked for. */
export interface UserQuery {
  /** Part of a name or an e-mail, in any letter case; empty: all. */
  readonly filter: string;
  readonly sort: Sort;
  readonly descending: boolean;
  /** From 1 on. */
  readonly page: number;
  readonly perPage: number;
}

/** What the query string asks for; of a parameter that comes twice the first counts. Throws `InvalidInputError`. */
export function readUserQuery(query: Readonly<Record<string, string | string[] | undefined>>): UserQuery {
  const given = (name: string) => [query[name]].flat()[0] ?? '';
  const sort = given('sort') || 'created_at';
  if (!isSort(sort)) throw invalidRequest(`sort: expected one of ${Object.keys(SORTS).join(', ')}`);
  const order = given('order') || 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalidRequest('order: expected asc or desc');
  return {
    filter: given('filter').slice(0, FILTER_CHARACTERS),
    sort,
    descending: order === 'desc',
    page: positive('page', given('page') || '1'),
    perPage: Math.min(positive('per_page', given('per_page') || String(PER_PAGE.usual)), PER_PAGE.most),
  };
}

/**
 * A page of the accounts, those being erased left out; behind the last page it is the last one. `devices` counts revoked ones
 * too. Reads all accounts: there are far fewer than documents of any other kind, and no index finds a part of a name.
 */
export async function listUsers(core: Core, query: UserQuery) {
  const { filter, sort, descending, perPage } = query;
  const rows = await matching(core, filter.normalize('NFC').toLowerCase());
  if (sort === 'devices') {
    const counts = await devicesPerAccount(core);
    for (const row of rows) row.devices = counts.get(row.user_id) ?? 0;
  }
  const sorted = await inOrder(rows, sort, descending);
  const total = sorted.length;
  const page = Math.min(query.page, Math.max(1, Math.ceil(total / perPage)));
  const shown = sorted.slice((page - 1) * perPage, page * perPage);
  return { users: await Promise.all(shown.map(row => present(core, row))), total, page, per_page: perPage };
}

async function matching(core: Core, filter: string): Promise<Row[]> {
  const accounts = core.storage.collection(accountsSpec);
  const rows: Row[] = [];
  for await (const page of pagesOf(after => accounts.scan({ limit: PAGE, ...after }))) {
    for (const { password: _, ...row } of page) {
      const texts = [row.username ?? '', row.email ?? '', readableEmail(row.email ?? '')];
      if (!row.erasing_at && texts.some(text => text.toLowerCase().includes(filter))) rows.push(row);
    }
  }
  return rows;
}

async function devicesPerAccount(core: Core): Promise<Map<string, number>> {
  const devices = core.storage.collection(devicesSpec);
  const counts = new Map<string, number>();
  for await (const page of pagesOf(after => devices.scan({ index: 'newest', covered: true, limit: PAGE, ...after }))) {
    for (const { user_id } of page) counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
  }
  return counts;
}

/** Texts in the order of their UTF-8 bytes, as everywhere; what is equal in the order of the ids. */
async function inOrder(rows: readonly Row[], sort: Sort, descending: boolean): Promise<Row[]> {
  const direction = descending ? -1 : 1;
  const compared = await mapInSlices(rows, row => {
    return { row, value: comparable(SORTS[sort](row)), id: Buffer.from(row.user_id) };
  });
  const sorted = await sortInSlices(compared, (a, b) => {
    return direction * (compare(a.value, b.value) || Buffer.compare(a.id, b.id));
  });
  return sorted.map(({ row }) => row);
}

function comparable(value: string | number): Buffer | number {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function compare(a: Buffer | number, b: Buffer | number): number {
  return typeof a === 'number' || typeof b === 'number' ? Number(a) - Number(b) : Buffer.compare(a, b);
}

async function present(core: Core, row: Row) {
  const { user_id, username = '', email = '', last_seen, created_at, admin } = row;
  return {
    id: publicId(row),
    username,
    email,
    confirmed: confirmed(row),
    blocked: blocked(row),
    last_seen: timeOf(last_seen),
    created_at: timeOf(created_at),
    devices: row.devices ?? (await core.storage.collection(devicesSpec).count({ prefix: [user_id] })),
    admin: admin ? 1 : 0,
  };
}

/** Who has no e-mail has nothing to confirm. */
function confirmed({ unconfirmed_at }: Row): 0 | 1 {
  return unconfirmed_at ? 0 : 1;
}

function blocked({ blocked_at }: Row): 0 | 1 {
  return blocked_at ? 1 : 0;
}

function isSort(text: string): text is Sort {
  return Object.hasOwn(SORTS, text);
}

function positive(name: string, text: string): number {
  if (!/^0*[1-9]\d{0,8}$/.test(text)) throw invalidRequest(`${name}: expected a whole number from 1 on`);
  return Number(text);
}
