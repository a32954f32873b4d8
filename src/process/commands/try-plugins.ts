import type { Config } from '../../config/options.ts';
import { warningsOnly } from './warnings-only.ts';

/** Loads the plugins, as the start would, and closes them. They find no values in their stores. Throws `StartupError`. */
export async function tryPlugins(config: Config): Promise<void> {
  if (config.PLUGINS.modules.length === 0) return;
  const { loadPlugins, emptyStore } = await import('../plugins.ts');
  const { createPlugins } = await import('../../core/plugins/plugins.ts');
  const plugins = createPlugins(warningsOnly, Date.now);
  await loadPlugins(config, plugins, { log: warningsOnly, store: emptyStore });
  await plugins.close();
}
