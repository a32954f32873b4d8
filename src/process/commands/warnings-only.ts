import type { Log } from '../../base/log.ts';

/** The log of a command whose standard output is its answer. */
export const warningsOnly: Log = {
  debug() {},
  info() {},
  warn: (_, message) => console.error(`warning: ${message}`),
  error: (_, message) => console.error(`error: ${message}`),
};
