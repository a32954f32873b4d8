import type { Language } from '../base/language.ts';
import type { AccountDoc } from '../core/collections.ts';
import type { Core } from '../core/context.ts';
import type { AttemptSettings } from '../core/throttle/attempts.ts';
import type { Origin } from '../http/browser/origin.ts';
import type { CallerOf, ClientAddress } from '../http/client-address.ts';
import type { HealthReport } from '../http/edge/health.ts';
import type { WrittenDocument } from '../http/openapi/route.ts';

/** An API that has pages of its own. */
export type Api = 'keybin' | 'v2' | 'punch' | 'dotsync' | 'simple-sync' | 'verstak';

/** What pages need to know of the configuration. Functions give the value of this moment: it may change. */
export interface WebSettings {
  /** Whether the server speaks an API. */
  readonly speaks: (api: Api) => boolean;
  /** How far attempts at the pages of accounts go. */
  readonly attempts: () => AttemptSettings;
}

/** What the configuration says where admins may choose otherwise. */
export interface Configured {
  readonly publicUrl: string;
  readonly language: Language;
  readonly registrationOpen: boolean;
  readonly trustedProxies: readonly string[];
}

/** What admins are shown of the server, and may have it do. */
export interface ServerFacts {
  health(): Promise<HealthReport>;
  /** Whether the configuration names a server for mails. */
  hasMailServer(): boolean;
  configured(): Configured;
  /** The limits in force, by the names of their options. */
  limits(): Readonly<Record<string, number>>;
  /** The configuration in force as its file would have it, secrets masked. */
  configuration(): string;
  /** Housekeeping, now. Throws what it throws. */
  cleanUp(): Promise<void>;
}

/** What opening the pages takes. */
export interface WebDeps {
  readonly core: Core;
  readonly origin: Origin;
  readonly clientAddress: ClientAddress;
  readonly callerOf: CallerOf;
  /** What the Punch keys of an account are called: they stand in the configuration. */
  readonly punchKeyLabels: (account: AccountDoc) => readonly string[];
  readonly settings: WebSettings;
  readonly server: ServerFacts;
  readonly version: string;
  /** The document of the APIs; absent where none of them is described. */
  readonly described?: (() => Promise<WrittenDocument>) | undefined;
}
