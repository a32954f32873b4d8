import type { AttemptSettings } from '../../core/throttle/attempts.ts';

/** What the Verstak API needs to know of the configuration. Windows are in seconds, sizes in bytes. */
export interface VerstakSettings extends AttemptSettings {
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
}
