/** Who is refused for guessing, as far as can be told: counters lie under hashes. And how an admin lets somebody in again. */

import { emailOf } from '../../base/email.ts';
import { isUsername } from '../../base/names.ts';
import { accountsSpec, throttleSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { addressGroup } from './address.ts';
import { bucketsOf } from './throttle.ts';

/** Counters read at once, and most that are looked at. */
const PAGE = 500;
const MOST = 5_000;

/** How many counters there are. */
export interface Lockouts {
  readonly counters: number;
  /** How many of them let nothing through at the moment. */
  readonly full: number;
  /** When the last of those ends. */
  readonly until: Date | undefined;
  /** There are more than were looked at. */
  readonly more: boolean;
}

/** What is refused at this moment. Looks at 5,000 counters at most. */
export async function lockoutsOf(core: Core): Promise<Lockouts> {
  const counters = core.storage.collection(throttleSpec);
  let [seen, full, until] = [0, 0, 0];
  for await (const page of pagesOf(after => counters.scan({ limit: PAGE, ...after }))) {
    for (const { failures, max, expires_at } of page) {
      if (max === undefined || failures < max) continue;
      full++;
      until = Math.max(until, expires_at.getTime());
    }
    seen += page.length;
    if (seen >= MOST) break;
  }
  return { counters: seen, full, until: full === 0 ? undefined : new Date(until), more: seen >= MOST };
}

/** Whom to let in again: somebody by name or e-mail, an address, or somebody at an address. */
export interface Locked {
  readonly who: string;
  readonly addresses: readonly string[];
  /** Also what is refused from an address whoever it is. */
  readonly wholeAddress: boolean;
}

/** Takes the counters away that keep somebody out; returns how many there were. */
export async function unlock(core: Core, { who, addresses, wholeAddress }: Locked): Promise<number> {
  const counters = core.storage.collection(throttleSpec);
  const groups = [...new Set(addresses.map(addressGroup))];
  const buckets = bucketsOf(await subjectsOf(core, who), groups, wholeAddress);
  let cleared = 0;
  for (const bucket of buckets) {
    if (await counters.delete([bucket])) cleared++;
    core.lines.wake(bucket);
  }
  return cleared;
}

/** What failures of somebody count on: the account, and the name as it was given. */
async function subjectsOf(core: Core, who: string): Promise<string[]> {
  if (who === '') return [];
  const accounts = core.storage.collection(accountsSpec);
  const email = emailOf(who);
  const found = await Promise.all([
    isUsername(who) ? accounts.find('username', [who]) : undefined,
    email === undefined ? undefined : accounts.find('email', [email]),
  ]);
  const ids = found.flatMap(account => (account ? [`account ${account.user_id}`] : []));
  return [
    ...new Set([
      ...ids,
      `name ${who}`,
      `name ${who.toLowerCase()}`,
      ...(email === undefined ? [] : [`email ${email}`]),
    ]),
  ];
}
