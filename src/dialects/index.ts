import type { Config } from '../config/options.ts';
import type { Dialect } from './dialect.ts';
import { keybin } from './keybin/index.ts';

/** Every API the server speaks; `enabled` reads its switch. Adding one is a folder and a line here. */
export const dialects: readonly { dialect: Dialect; enabled: (config: Config) => boolean }[] = [
  { dialect: keybin, enabled: config => config.KEYBIN.enabled },
];
