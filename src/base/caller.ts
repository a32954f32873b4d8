/** On whose behalf something is done that others wait for too; where there is none, the server does it for itself. */
export interface Caller {
  /** Of the client. */
  readonly address: string;
  /** Whether nobody waits for the answer any more. */
  readonly gone?: () => boolean;
}
