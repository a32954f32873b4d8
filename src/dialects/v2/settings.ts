/** What v2 knows of the configuration. */
export interface V2Settings {
  readonly enabled: boolean;
  /** Longest value, in bytes. */
  readonly value_bytes: number;
  /** What an account may store; 0: any number. */
  readonly account_keys: number;
  readonly account_bytes: number;
  /** Requests that may follow the changes of one account in this process, and those of all. */
  readonly followers: number;
  readonly all_followers: number;
  /** Requests of one account; 0: any number. Each of the `workers` allows its part. */
  readonly requests_per_minute: number;
  readonly workers: number;
  /** Seconds that a token lives, and may live from its making. */
  readonly default_ttl: number;
  readonly max_ttl: number;
}
