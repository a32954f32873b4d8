import type { Config } from '../config/options.ts';
import type { Dialect, DialectDeps, OpenDialect } from './dialect.ts';
import { dotsync } from './dotsync/index.ts';
import { keybin } from './keybin/index.ts';
import { punch } from './punch/index.ts';
import { simpleSync } from './simple-sync/index.ts';
import { v2 } from './v2/index.ts';
import { verstak } from './verstak/index.ts';

/** Every API the server speaks. Adding one is a folder and a line here, and so is taking one away. */
export const dialects: readonly Registered[] = [
  registered(keybin, config => config.KEYBIN),
  registered(v2, ({ APP, LIMITS, TOKENS, V2 }) => ({ ...V2, ...LIMITS, ...TOKENS, workers: APP.workers })),
  registered(punch, config => ({ ...config.PUNCH, ...config.PUNCH_KEYS })),
  registered(dotsync, config => config.DOTSYNC),
  registered(simpleSync, config => config.SIMPLE_SYNC),
  registered(verstak, config => config.VERSTAK),
];

/** A dialect that knows where its settings are. */
export interface Registered extends Pick<Dialect<never>, 'name' | 'collections'> {
  readonly enabled: (config: Config) => boolean;
  readonly open: (deps: Omit<DialectDeps<never>, 'settings'>, config: () => Config) => OpenDialect;
}

/** Settings are put together once for each configuration: every request asks for them. */
function registered<S extends { enabled: boolean }>(dialect: Dialect<S>, settings: (config: Config) => S): Registered {
  return {
    name: dialect.name,
    collections: dialect.collections,
    enabled: config => settings(config).enabled,
    open: (deps, config) => {
      let of = config();
      let kept = settings(of);
      const current = () => {
        const now = config();
        if (now !== of) [of, kept] = [now, settings(now)];
        return kept;
      };
      return dialect.open({ ...deps, settings: current });
    },
  };
}
