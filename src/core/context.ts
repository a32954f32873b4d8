import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Mailer } from '../base/mail.ts';
import type { CollectionSpec, Storage } from '../storage/port.ts';
import type { Background } from './background.ts';
import type { Arrivals } from './blobs/arrivals.ts';
import type { Chosen } from './chosen.ts';
import type { Passwords } from './hashing/passwords.ts';
import type { Tallies } from './observing/tallies.ts';
import type { Plugins } from './plugins/plugins.ts';
import type { Meters, Usage } from './quotas/usage.ts';
import type { Shares } from './shares.ts';
import type { WaitingLines } from './throttle/lines.ts';
import type { Place } from './throttle/place.ts';
import type { Turns } from './turns.ts';

/** How far guessing and registering go before they are refused. Windows are in seconds and begin with the first attempt. */
export interface ThrottleSettings {
  readonly enabled: boolean;
  readonly failuresPerPair: number;
  readonly pairWindow: number;
  readonly failuresPerAddress: number;
  readonly addressWindow: number;
  /** Accounts that may be made from one address in an hour; 0: any number. */
  readonly registrationsPerAddress: number;
}

/** What the core needs to know of the configuration. Functions give the value of this moment: it may change. */
export interface Settings {
  /** Seconds a new token of the original API lives. */
  tokenExpiration(): number;
  /** How long a token of v2 lives: when its maker does not say, and at most, from its making. */
  tokenLife(): { readonly secondsByDefault: number; readonly mostSeconds: number };
  registrationOpen(): boolean;
  /** Whether nothing may be written: the storage refuses it with `ReadOnlyError`, and what the server does by itself waits. */
  readOnly(): boolean;
  /** Where people reach the server, without a slash at its end; empty when the configuration does not say. */
  publicUrl(): string;
  /** What the server calls itself on its pages. */
  serverName(): string;
  /** Proxies whose word about the client is taken: IP addresses and CIDR ranges. The same list is the same object. */
  trustedProxies(): readonly string[];
  /** Language of mails, and of pages for clients that ask for none. */
  language(): 'en' | 'ru';
  throttle(): ThrottleSettings;
  /** Whether a password that was reset by mail ends the devices of the account. */
  resetEndsDevices(): boolean;
  /** Days an account waits for the confirmation of the e-mail it registered with. */
  unconfirmedDays(): number;
  /** Days an entry of the audit log is kept. */
  auditDays(): number;
  /** Whether every account is a member of the shared history of events; else those are whom an admin made one. */
  eventsOpenToAll(): boolean;
  /** Longest value, as bytes of its JSON text. */
  readonly valueBytes: number;
  /** How much an account may store; infinite where there is no limit. */
  quota(): Usage;
}

/** What every function of the core works with. */
export interface Core {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Settings;
  /** What admins chose over the configuration; `settings` go by it. */
  readonly chosen: Chosen;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  /** Waited for before the storage closes. */
  readonly background: Background;
  /** Attempts that wait for others of their bucket: `createLines()`. */
  readonly lines: WaitingLines<Place>;
  /** Work that would only get in its own way: `createTurns()`. */
  readonly turns: Turns;
  /** How much accounts store, as far as this process knows: `createMeters()`. */
  readonly meters: Meters;
  /** Uploads under way: `createArrivals()`. */
  readonly arrivals: Arrivals;
  /** Work that is done together: `createShares()`. */
  readonly shares: Shares;
  readonly plugins: Plugins;
  /** What this process has counted: `createTallies()`. */
  readonly tallies: Tallies;
  /** Every collection with an owner, of switched-off APIs too: what erasing an account sweeps. */
  // biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
  readonly owned: readonly CollectionSpec<any>[];
}
