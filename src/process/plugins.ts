/** Loads the plugins that the configuration names. */

import { createRequire, register } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { StartupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ROOT } from '../base/place.ts';
import { pluginOption } from '../config/checks.ts';
import { nearest } from '../config/nearest.ts';
import type { Config } from '../config/options.ts';
import { didYouMean } from '../config/source.ts';
import { actionNames, filterKinds, type Hooks } from '../core/plugins/hooks.ts';
import type { Plugins } from '../core/plugins/plugins.ts';
import type { PluginStore } from '../core/plugins/store.ts';
import type { Plugin, PluginLog } from '../plugin/index.ts';

/** Milliseconds that `setup` of a plugin may take. */
const SETUP_MS = 10_000;

/** What a plugin is given beside its options. */
export interface PluginGrants {
  readonly log: Log;
  readonly store: (plugin: string) => PluginStore;
}

/**
 * Loads and sets up each plugin, in the order of the configuration. Throws `StartupError` with the section, the key and the
 * reason.
 */
export async function loadPlugins({ PLUGINS, PLUGIN }: Config, plugins: Plugins, grants: PluginGrants): Promise<void> {
  if (PLUGINS.modules.length === 0) return;
  provideOwnPackage();
  const names = PLUGINS.modules.map(({ label }) => label);
  for (const { label: name, module } of PLUGINS.modules) {
    const place = `[PLUGINS] ${name}`;
    const plugin = await pluginOf(module, place);
    const options: Record<string, string> = {};
    for (const { label, text } of PLUGIN.options) {
      const [owner, key = ''] = pluginOption(label, names) ?? [];
      if (owner === name) options[key] = text;
    }
    const given = { options, log: logOf(grants.log, name), store: grants.store(name) };
    plugins.add(name, hooksOf(await setUp(plugin, given, place), place));
    grants.log.info({ plugin: name }, `plugin ${name} is loaded`);
  }
}

/** A store in which nothing is, and stays. */
export function emptyStore(): PluginStore {
  return { get: async () => undefined, set: async () => {}, delete: async () => false, list: async () => [] };
}

let provided = false;

/** Lets modules import `keybin/plugin` wherever they lie. */
function provideOwnPackage(): void {
  if (provided) return;
  provided = true;
  const own = new URL('dist/plugin/index.js', ROOT).href;
  const hook = `export const resolve = (specifier, context, next) =>
    specifier === 'keybin/plugin' ? { url: ${JSON.stringify(own)}, shortCircuit: true } : next(specifier, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

async function pluginOf(module: string, place: string): Promise<Plugin> {
  const loaded = await load(module).catch(error => {
    throw new StartupError(`${place}: ${JSON.stringify(module)} cannot be loaded: ${reasonOf(error)}`, {
      cause: error,
    });
  });
  const plugin = loaded.default as Partial<Plugin> | undefined;
  if (typeof plugin?.setup === 'function') return plugin as Plugin;
  throw new StartupError(
    `${place}: ${JSON.stringify(module)} has no plugin as its default export; expected \`export default definePlugin({ setup(…) {…} })\``,
  );
}

/** A path, or a package that is installed in the working directory or beside the server. */
async function load(module: string): Promise<{ default?: unknown }> {
  if (isAbsolute(module)) return import(pathToFileURL(module).href);
  try {
    const found = createRequire(join(process.cwd(), 'package.json')).resolve(module);
    return await import(pathToFileURL(found).href);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_') !== true && !isMissing(error)) throw error;
    return import(module);
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
}

async function setUp(plugin: Plugin, given: Parameters<Plugin['setup']>[0], place: string): Promise<unknown> {
  const late = pause(SETUP_MS, undefined, { ref: false }).then(() => {
    throw new Error(`setup takes more than ${SETUP_MS / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([plugin.setup(given), late]);
  } catch (error) {
    throw new StartupError(`${place}: ${reasonOf(error)}`, { cause: error });
  }
}

/** What `setup` gave, if it is that. Throws `StartupError`. */
function hooksOf(given: unknown, place: string): Hooks {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object') throw new StartupError(`${place}: setup gave ${typeof given}; expected an object`);
  const { filter = {}, action = {}, close } = given as Record<string, unknown>;
  for (const [kind, hooks, known] of [
    ['filter', filter, Object.keys(filterKinds)],
    ['action', action, actionNames],
  ] as const) {
    if (typeof hooks !== 'object' || hooks === null)
      throw new StartupError(`${place}: ${kind} is no object of functions`);
    for (const [name, hook] of Object.entries(hooks)) {
      if (!known.includes(name as never)) {
        throw new StartupError(`${place}: there is no ${kind} ${name}${didYouMean(nearest(name, known))}`);
      }
      if (typeof hook !== 'function') throw new StartupError(`${place}: ${kind} ${name} is no function`);
    }
  }
  if (close !== undefined && typeof close !== 'function') throw new StartupError(`${place}: close is no function`);
  return given as Hooks;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function logOf(log: Log, plugin: string): PluginLog {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}) =>
      log[level]({ ...fields, plugin }, String(message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
