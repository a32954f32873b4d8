import { publicId } from '../../../core/accounts/accounts.ts';
import { USER_SORTS, type UserQuery, type UserRow } from '../../../core/accounts/user-list.ts';
import type { Listed } from '../../../core/listing.ts';
import { invalidRequest } from '../refusals.ts';
import { timeOf } from '../times.ts';

const PER_PAGE = 20;

/** What the query string asks for; of a parameter that comes twice the first counts. Throws `InvalidInputError`. */
export function readUserQuery(query: Readonly<Record<string, string | string[] | undefined>>): UserQuery {
  const given = (name: string) => [query[name]].flat()[0] ?? '';
  const sort = USER_SORTS.find(known => known === (given('sort') || 'created_at'));
  if (sort === undefined) throw invalidRequest(`sort: expected one of ${USER_SORTS.join(', ')}`);
  const order = given('order') || 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalidRequest('order: expected asc or desc');
  return {
    q: given('filter'),
    sort,
    descending: order === 'desc',
    page: positive('page', given('page') || '1'),
    perPage: positive('per_page', given('per_page') || String(PER_PAGE)),
  };
}

/** The list as programs get it. */
export function presentUsers({ items, total, page, perPage }: Listed<UserRow>) {
  return { users: items.map(presentUser), total, page, per_page: perPage };
}

function presentUser({ account, devices }: UserRow) {
  const { username = '', email = '', unconfirmed_at, blocked_at, last_seen, created_at, admin } = account;
  return {
    id: publicId(account),
    username,
    email,
    // Who has no e-mail has nothing to confirm.
    confirmed: unconfirmed_at ? 0 : 1,
    blocked: blocked_at ? 1 : 0,
    last_seen: timeOf(last_seen),
    created_at: timeOf(created_at),
    devices,
    admin: admin ? 1 : 0,
  };
}

function positive(name: string, text: string): number {
  if (!/^0*[1-9]\d{0,8}$/.test(text)) throw invalidRequest(`${name}: expected a whole number from 1 on`);
  return Number(text);
}
