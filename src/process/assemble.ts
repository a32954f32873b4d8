import { collections } from '../app.ts';
import type { Clock } from '../base/clock.ts';
import { StartupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/options.ts';
import { createBackground } from '../core/background.ts';
import { createArrivals } from '../core/blobs/arrivals.ts';
import { type Chosen, createChosen } from '../core/chosen.ts';
import type { Core, Settings } from '../core/context.ts';
import { createPasswords } from '../core/hashing/passwords.ts';
import { createTallies } from '../core/observing/tallies.ts';
import { createPlugins } from '../core/plugins/plugins.ts';
import { createMeters } from '../core/quotas/meters.ts';
import { createShares } from '../core/shares.ts';
import { createLines } from '../core/throttle/lines.ts';
import { createTurns } from '../core/turns.ts';
import { createMailer } from '../mail/mailer.ts';
import { guardWrites } from '../storage/guard.ts';
import { openStorage } from '../storage/open.ts';
import type { OpenOptions } from '../storage/options.ts';
import type { Storage } from '../storage/port.ts';

/**
 * Opens the storage that the configuration names and builds the core on it. `current` gives the configuration in force, `observe`
 * gives what stands between storage and core.
 */
export async function assemble(
  current: () => Config,
  clock: Clock,
  log: Log,
  observe: (storage: Storage) => Storage = storage => storage,
): Promise<Core> {
  const config = current();
  const chosen = createChosen();
  const readOnly = () => current().APP.read_only;
  return {
    storage: guardWrites(observe(await openStorage({ ...storageOptions(config), readOnly }, clock, log)), readOnly),
    clock,
    log,
    settings: settingsOf(current, chosen),
    chosen,
    passwords: createPasswords({ cost: config.SECURITY.bcrypt_cost, threads: config.SECURITY.hash_threads }),
    mailer: createMailer(() => current().MAIL),
    background: createBackground(log),
    lines: createLines(),
    turns: createTurns(),
    meters: createMeters(),
    arrivals: createArrivals(),
    shares: createShares(),
    tallies: createTallies(),
    plugins: createPlugins(log, clock.now),
    owned: collections.filter(spec => spec.owner !== undefined),
  };
}

/** What opens the storage that the configuration names. Throws `StartupError`. */
export function storageOptions({ STORE }: Pick<Config, 'STORE'>): OpenOptions {
  const names: Record<string, string> = {
    store: STORE.store_collection,
    users: STORE.users_collection,
    tokens: STORE.token_collection,
  };
  refuseSharedNames(names);
  return { host: STORE.host, database: STORE.database, names, specs: collections };
}

/** Throws `StartupError` when two collections would be stored under one name. */
function refuseSharedNames(names: Readonly<Record<string, string>>): void {
  const taken = new Map<string, string>();
  for (const { name } of collections) {
    const physical = names[name] ?? name;
    const other = taken.get(physical);
    if (other !== undefined) {
      throw new StartupError(
        `[STORE]: the collections ${other} and ${name} would both be stored as ${physical}: rename one`,
      );
    }
    taken.set(physical, name);
  }
}

/** What admins chose counts over the configuration. */
function settingsOf(current: () => Config, chosen: Chosen): Settings {
  return {
    tokenExpiration: () => current().STORE.token_expiration,
    tokenLife: () => {
      const { default_ttl, max_ttl } = current().TOKENS;
      return { secondsByDefault: default_ttl, mostSeconds: max_ttl };
    },
    readOnly: () => current().APP.read_only,
    registrationOpen: () => chosen.web.registration_open ?? current().SECURITY.registration,
    publicUrl: () => chosen.web.public_url ?? current().APP.public_url,
    serverName: () => chosen.web.server_name ?? 'Keybin',
    trustedProxies: () => chosen.web.trusted_proxies ?? current().APP.trusted_proxies,
    language: () => chosen.web.language ?? current().APP.language,
    throttle: () => {
      const { SECURITY } = current();
      return {
        enabled: SECURITY.throttle,
        failuresPerPair: SECURITY.failures_per_pair,
        pairWindow: SECURITY.pair_window,
        failuresPerAddress: SECURITY.failures_per_address,
        addressWindow: SECURITY.address_window,
        registrationsPerAddress: SECURITY.registrations_per_address,
      };
    },
    resetEndsDevices: () => current().VERSTAK.reset_ends_devices,
    unconfirmedDays: () => current().VERSTAK.unconfirmed_days,
    auditDays: () => current().VERSTAK.audit_days,
    eventsOpenToAll: () => current().SIMPLE_SYNC.open_to === 'all',
    valueBytes: Math.min(current().KEYBIN.value_bytes, current().LIMITS.value_bytes),
    quota: () => {
      const { account_bytes, account_keys } = current().LIMITS;
      return { bytes: account_bytes || Number.POSITIVE_INFINITY, keys: account_keys || Number.POSITIVE_INFINITY };
    },
  };
}
