/** What v2 knows of the configuration. */
export interface V2Settings {
  readonly enabled: boolean;
  /** Longest value, in bytes. */
  readonly value_bytes: number;
}
