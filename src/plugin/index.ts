/** What a plugin imports: `import { definePlugin, refuse } from 'keybin/plugin'` (docs/plugins.md). */

import { type Hooks, REFUSAL } from '../core/plugins/hooks.ts';
import type { PluginStore } from '../core/plugins/store.ts';

export type { ActionFacts, ActionName, EventContext, FilterInputs, FilterName, Hooks } from '../core/plugins/hooks.ts';
export type { PluginStore } from '../core/plugins/store.ts';

/** The log of the server, under the plugin's name. `fields` stand beside the sentence. */
export interface PluginLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** What a plugin works with. */
export interface PluginSetup {
  /** The section `[PLUGIN.<name>]`: texts by their keys in lower case. */
  readonly options: Readonly<Record<string, string>>;
  readonly log: PluginLog;
  /** The plugin's own keys and values. */
  readonly store: PluginStore;
}

/** A plugin. What `setup` throws stops the start with its message. */
export interface Plugin {
  setup(given: PluginSetup): Hooks | Promise<Hooks>;
}

/** Gives the plugin its types; a plain object works as well. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}

/**
 * Refuses what a filter was asked about: the client gets 422 with this sentence and code, and nothing is stored. A code is
 * lower_snake_case, `refused` without one. Throws always.
 */
export function refuse(message: string, { code }: { code?: string } = {}): never {
  throw Object.assign(new Error(message), { [REFUSAL]: true, code });
}
