/** What the simple-sync API needs to know of the configuration. */
export interface SimpleSyncSettings {
  readonly enabled: boolean;
  /** Signs the session tokens; '' stands for one that is made once and kept with the data. */
  readonly jwt_secret: string;
  /** JSON text of the ACL document that a fresh store gets. */
  readonly initial_acl: string;
}
