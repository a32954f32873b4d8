/** What a configuration that was read again changes in a running server. */

import { buildConfig, type Config, optionList, readOption } from './options.ts';

/** Result of comparing a newly loaded configuration with the one in force. Names are `[SECTION] key`. */
export interface Reload {
  /** The one in force, with the new values of all options that change while the server runs. */
  readonly config: Config;
  /** Options that change now. */
  readonly changed: readonly string[];
  /** Options whose new value waits for a restart. */
  readonly waiting: readonly string[];
}

/** Compares the configuration in force with a newly loaded one. */
export function planReload(current: Config, loaded: Config): Reload {
  const different = optionList.filter(option => !same(readOption(current, option), readOption(loaded, option)));
  const live = different.filter(({ option }) => option.live);
  return {
    config: buildConfig(option => readOption(live.includes(option) ? loaded : current, option)),
    changed: live.map(({ name }) => name),
    waiting: different.filter(({ option }) => !option.live).map(({ name }) => name),
  };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
