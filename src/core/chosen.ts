/** What admins choose at a page while the server runs. It lies in the storage, and counts over the configuration. */

import type { Language } from '../base/language.ts';

/** What is absent is as the configuration has it. */
export interface WebChoice {
  /** What the server calls itself. */
  readonly server_name?: string;
  /** Where people reach it, without a slash at its end. */
  readonly public_url?: string;
  readonly language?: Language;
  readonly registration_open?: boolean;
  readonly trusted_proxies?: readonly string[];
}

/** What this process knows of it: every request asks, so nothing is read for that. */
export interface Chosen {
  web: WebChoice;
  /** As it is stored. */
  text: string;
}

/** Of a process that has not looked yet. */
export function createChosen(): Chosen {
  return { web: {}, text: '{}' };
}
