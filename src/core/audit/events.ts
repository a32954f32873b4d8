/** What the audit log has, and how much each event matters (contract of Verstak, section 8.1; simple-sync, section 1). */

/** How much an event matters: what is shown is what is filtered by. */
export type Severity = 'info' | 'warning' | 'error';

/** Every event, with its severity. */
export const auditEvents = {
  device_paired: 'info',
  device_auth_failed: 'error',
  device_revoked: 'warning',
  device_deleted: 'info',
  rate_limit_exceeded: 'warning',
  user_created: 'info',
  user_updated: 'info',
  user_confirmed: 'info',
  user_block_changed: 'warning',
  user_password_reset: 'info',
  user_deleted: 'info',
  credentials_ended: 'info',
  smtp_settings_updated: 'info',
  smtp_test_passed: 'info',
  smtp_test_failed: 'error',
  web_settings_updated: 'info',
  retention_cleanup: 'info',
  lockout_lifted: 'info',
  acl_read: 'info',
  acl_updated: 'info',
  admin_call_failed: 'error',
  mail_failed: 'error',
} as const satisfies Readonly<Record<string, Severity>>;

/** What may happen. */
export type AuditEvent = keyof typeof auditEvents;

/** The severities, for a filter. */
export const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error'];
