/** How many wrong passwords may still come in a window. Window and reset are in whole seconds. */
export interface AttemptsLeft {
  readonly quota: number;
  readonly window: number;
  readonly remaining: number;
  readonly reset: number;
}

/** On whose behalf something is done that others wait for too; where there is none, the server does it for itself. */
export interface Caller {
  /** Of the client. */
  readonly address: string;
  /** Whether nobody waits for the answer any more. */
  readonly gone?: () => boolean;
  /** Hears how many attempts are left, before and after one; of several limits the nearest. */
  readonly hear?: (left: AttemptsLeft) => void;
}
