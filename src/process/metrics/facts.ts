/** What the core has counted, and how much is stored. */

import type { Core } from '../../core/context.ts';
import { totalsOf } from '../../core/observing/totals.ts';
import { within } from '../../core/plugins/within.ts';
import { counter, type Family, gauge, one, type Sample } from './family.ts';

/** Milliseconds that a scrape waits for the storage: what is not known by then is left out. */
const PATIENCE = 1_000;

/** Logins, credentials given out, followers, plugins: of this process. */
export function countedFacts({ tallies, plugins }: Core): Family[] {
  const families = [
    counter('keybin_logins', 'Passwords that were tried, by how that went.', samplesOf('result', tallies.logins)),
    counter('keybin_tokens_issued', 'Credentials that were given out, by kind.', samplesOf('kind', tallies.issued)),
    gauge('keybin_followers', 'Requests that follow changes at this moment.', one(tallies.followers)),
  ];
  if (!plugins.any) return families;
  const counts = [...plugins.counts];
  const of = (value: (counted: (typeof counts)[number][1]) => number): Sample[] =>
    counts.map(([plugin, counted]) => ({ labels: { plugin }, value: value(counted) }));
  return [
    ...families,
    counter(
      'keybin_plugin_calls',
      'Calls of plugins.',
      of(({ calls }) => calls),
    ),
    counter(
      'keybin_plugin_seconds',
      'How long they took.',
      of(({ milliseconds }) => milliseconds / 1000),
    ),
    counter(
      'keybin_plugin_refusals',
      'What plugins refused.',
      of(({ refusals }) => refusals),
    ),
    counter(
      'keybin_plugin_failures',
      'Calls of plugins that failed.',
      of(({ failures }) => failures),
    ),
  ];
}

/** How much is stored, the same for all processes; nothing where the storage does not answer soon. */
export async function storedFacts(core: Core): Promise<Family[]> {
  const up = (value: number) =>
    gauge('keybin_storage_up', 'Whether the storage answered this scrape.', one(value), 'min');
  const looking = totalsOf(core);
  const found = await within(PATIENCE, looking).catch(() => false);
  if (!found) {
    looking.catch(() => {});
    return [up(0)];
  }
  const { accounts, entries, mails, databaseBytes, counted } = await looking;
  const number = (name: string, help: string, value: number) => gauge(name, help, one(value), 'max');
  const families = [
    up(1),
    number('keybin_accounts', 'Accounts.', accounts),
    number('keybin_entries', 'Keys with a value, of all accounts.', entries),
    number('keybin_mails_waiting', 'Mails that are not sent yet.', mails),
    number('keybin_database_bytes', 'What the database takes on its disk, blobs aside.', databaseBytes),
  ];
  if (counted === undefined) return families;
  return [
    ...families,
    number('keybin_blobs', 'Contents of blobs; counted once an hour.', counted.blobs),
    number('keybin_blob_bytes', 'Their bytes; counted once an hour.', counted.blobBytes),
    number('keybin_stored_bytes', 'What accounts store, blobs aside; counted once an hour.', counted.accountBytes),
  ];
}

function samplesOf(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
