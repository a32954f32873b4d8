/** What processes on one port tell each other about their metrics. */

import type { Family } from './family.ts';

/** A worker is asked for its families, one of them also for how much is stored; or gets the text it asked for. */
export type ToWorker =
  | { readonly collect: number; readonly withStored: boolean }
  | { readonly scraped: number; readonly text: string | undefined };

/** A worker gives its families, or asks for the text of all. */
export type ToSupervisor =
  | { readonly collected: number; readonly families: readonly Family[] }
  | { readonly scrape: number };

/** Whether a message of whatever kind is about metrics. */
export function isAbout<N extends string>(name: N, message: unknown): message is { readonly [K in N]: number } {
  return typeof message === 'object' && message !== null && name in message;
}
