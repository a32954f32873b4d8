/** Events of the history that all members share. */

/** An event as it was sent. Who sent it is known from the token, whatever the event says. */
export interface SubmittedEvent {
  readonly uuid: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly itemUuid: string;
  readonly action: string;
  readonly payload: string;
}

/** An event as it is stored and given out; `userUuid` is the public id of the account that sent it. */
export interface StoredEvent extends SubmittedEvent {
  readonly userUuid: string;
}
