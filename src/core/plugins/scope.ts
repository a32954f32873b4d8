import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request under way; others write into it as they find out. */
export interface RequestScope {
  /** Of the request. */
  id?: string;
  /** Label of the Punch key, client id of the token, or device id. */
  client?: string | undefined;
  /** Plugins that took long, with their milliseconds: for the log line. */
  plugins?: Record<string, number>;
}

/** The request that whatever runs belongs to. Entered only where there are plugins. */
export const requestScope = new AsyncLocalStorage<RequestScope>();
