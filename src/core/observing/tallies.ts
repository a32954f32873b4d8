/** What a process has counted since its start, for who observes it: plain numbers, so that counting costs nothing worth saying. */

/** How a password that was tried did. `throttled`: it was not even looked at. */
export type LoginResult = 'right' | 'wrong' | 'throttled' | 'busy';

/** Kinds of credentials that are given out: tokens of the original API and of v2, sessions of pages, session tokens of simple-sync, devices. */
export type IssuedKind = 'original' | 'v2' | 'session' | 'jwt' | 'device';

/** The counts of one process. */
export interface Tallies {
  readonly logins: Record<LoginResult, number>;
  readonly issued: Record<IssuedKind, number>;
  /** Who follows changes at this moment. */
  followers: number;
}

/** Nothing has happened yet. */
export function createTallies(): Tallies {
  return {
    logins: { right: 0, wrong: 0, throttled: 0, busy: 0 },
    issued: { original: 0, v2: 0, session: 0, jwt: 0, device: 0 },
    followers: 0,
  };
}
