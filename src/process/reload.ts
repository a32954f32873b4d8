import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';

/**
 * What SIGHUP does: loads the configuration and gives it to `take`. One load at a time, so that an older one never comes last;
 * what is asked for meanwhile is done once, after it. What cannot be loaded changes nothing and is said in the log.
 */
export function reloader(load: () => Promise<LoadedConfig>, take: (config: Config) => void, log: Logger): () => void {
  let running = false;
  let again = false;
  async function reload(): Promise<void> {
    do {
      again = false;
      try {
        const { config, warnings } = await load();
        for (const warning of warnings) log.warn(warning);
        take(config);
      } catch (error) {
        log.error(`the configuration stays as it is: ${error instanceof Error ? error.message : error}`);
      }
    } while (again);
    running = false;
  }
  return () => {
    again = true;
    if (running) return;
    running = true;
    void reload();
  };
}
