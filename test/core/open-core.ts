/** The core on an engine of its own, as its tests use it. */

import { onTestFinished } from 'vitest';
import type { Caller } from '../../src/base/caller.ts';
import type { Mail, Mailer } from '../../src/base/mail.ts';
import { createBackground } from '../../src/core/background.ts';
import { createArrivals } from '../../src/core/blobs/arrivals.ts';
import { createChosen } from '../../src/core/chosen.ts';
import { accountUsageSpec, coreCollections, entriesSpec, tokensSpec } from '../../src/core/collections.ts';
import type { Core, ThrottleSettings } from '../../src/core/context.ts';
import type { Passwords } from '../../src/core/hashing/passwords.ts';
import { createTallies } from '../../src/core/observing/tallies.ts';
import { createPlugins } from '../../src/core/plugins/plugins.ts';
import { createMeters } from '../../src/core/quotas/meters.ts';
import type { Usage } from '../../src/core/quotas/usage.ts';
import { createShares } from '../../src/core/shares.ts';
import { createLines } from '../../src/core/throttle/lines.ts';
import { createTurns } from '../../src/core/turns.ts';
import type { Storage } from '../../src/storage/port.ts';
import type { TestClock } from '../support/clock.ts';
import type { Engine } from '../support/engines.ts';

/** Settings a test may change at any moment. */
export interface TestSettings {
  tokenExpiration: number;
  registrationOpen: boolean;
  publicUrl: string;
  language: 'en' | 'ru';
  throttle: ThrottleSettings;
  resetEndsDevices: boolean;
  eventsOpenToAll: boolean;
  valueBytes: number;
  quota: Usage;
}

export interface OpenedCore {
  readonly core: Core;
  readonly clock: TestClock;
  readonly settings: TestSettings;
  readonly logged: string[];
  /** What was sent, by all processes. */
  readonly mails: Mail[];
  /** The same data and settings as another process sees them, or through another storage. */
  another(storage?: Storage): Core;
}

/** Who asks, where that does not matter. */
export const HERE: Caller = { address: '127.0.0.1' };

/** "Hashes" at once: for tests that are not about hashing. */
export const plainPasswords: Passwords = {
  hash: async password => `plain:${password}`,
  verify: async (password, hash) => hash === `plain:${password}`,
  renew: async () => undefined,
  close: async () => {},
};

/** Opens the core for the running test; closes and removes everything after it. */
export async function openCore(engine: Engine, passwords: Passwords = plainPasswords): Promise<OpenedCore> {
  const opened = await engine.open({ specs: coreCollections });
  const mails: Mail[] = [];
  const mailer: Mailer = {
    async deliver(mail) {
      mails.push(mail);
      return 'a list';
    },
  };
  const settings: TestSettings = {
    tokenExpiration: 300,
    registrationOpen: true,
    publicUrl: '',
    language: 'en',
    throttle: {
      enabled: true,
      failuresPerPair: 5,
      pairWindow: 900,
      failuresPerAddress: 100,
      addressWindow: 3600,
      registrationsPerAddress: 0,
    },
    resetEndsDevices: true,
    eventsOpenToAll: false,
    valueBytes: 1_048_576,
    quota: { bytes: 1_073_741_824, keys: 1_000_000 },
  };
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  const levels = { debug: log, info: log, warn: log, error: log };
  const background = createBackground(levels);
  onTestFinished(async () => {
    await background.idle();
    await opened.cleanup();
  });
  const another = (storage = opened.storage): Core => ({
    storage,
    clock: opened.clock,
    log: levels,
    settings: {
      tokenExpiration: () => settings.tokenExpiration,
      tokenLife: () => ({ secondsByDefault: 300, mostSeconds: 3600 }),
      registrationOpen: () => settings.registrationOpen,
      readOnly: () => false,
      publicUrl: () => settings.publicUrl,
      serverName: () => 'Keybin',
      trustedProxies: () => [],
      language: () => settings.language,
      throttle: () => settings.throttle,
      resetEndsDevices: () => settings.resetEndsDevices,
      unconfirmedDays: () => 7,
      auditDays: () => 90,
      eventsOpenToAll: () => settings.eventsOpenToAll,
      quota: () => settings.quota,
      get valueBytes() {
        return settings.valueBytes;
      },
    },
    chosen: createChosen(),
    passwords,
    mailer,
    background,
    plugins: createPlugins(levels, opened.clock.now),
    lines: createLines(),
    turns: createTurns(),
    meters: createMeters(),
    arrivals: createArrivals(),
    shares: createShares(),
    tallies: createTallies(),
    owned: [tokensSpec, entriesSpec, accountUsageSpec],
  });
  return { core: another(), clock: opened.clock, settings, logged, mails, another };
}

/** The codes of what was refused, and `ok` for what was not. */
export async function outcomes(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(attempts);
  return settled.map(result => (result.status === 'fulfilled' ? 'ok' : String(result.reason.code ?? result.reason)));
}

/** How often each outcome came. */
export function tally(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
