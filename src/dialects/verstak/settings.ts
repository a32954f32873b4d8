/** What the Verstak API needs to know of the configuration. Windows are in seconds, sizes in bytes. */
export interface VerstakSettings {
  readonly enabled: boolean;
  /** Longest JSON body. */
  readonly body_bytes: number;
  readonly operations_per_push: number;
  readonly payload_bytes: number;
  /** Operations on one page of a pull. */
  readonly page_operations: number;
  readonly blob_bytes: number;
  readonly vault_bytes: number;
  readonly account_bytes: number;
  readonly pair_attempts: number;
  readonly pair_window: number;
  readonly test_attempts: number;
  readonly test_window: number;
  readonly login_attempts: number;
  readonly login_window: number;
  readonly register_attempts: number;
  readonly register_window: number;
  readonly forgot_attempts: number;
  readonly forgot_window: number;
  readonly reset_attempts: number;
  readonly reset_window: number;
}

/** Kinds of attempts that have limits of their own. */
export type AttemptKind = 'pair' | 'test' | 'login' | 'register' | 'forgot' | 'reset';
