import type { Context } from 'koa';
import { addressGroup } from '../../core/address.ts';
import { newId, sha256Hex } from '../../core/ids.ts';
import type { DialectDeps } from '../dialect.ts';
import { type AuditDoc, auditSpec } from './collections.ts';

/** Events of the audit log (contract, section 8.1). */
export type AuditEvent =
  | 'device_paired'
  | 'device_auth_failed'
  | 'device_revoked'
  | 'device_deleted'
  | 'rate_limit_exceeded'
  | 'user_created'
  | 'user_updated'
  | 'user_confirmed'
  | 'user_block_changed'
  | 'user_password_reset'
  | 'user_deleted'
  | 'smtp_settings_updated'
  | 'smtp_test_passed'
  | 'smtp_test_failed'
  | 'retention_cleanup';

/** What an event is about. Never a secret, and nobody's name: ids tell whom it concerns as long as there is an account. */
export interface AuditSubject {
  readonly accountId?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly message?: string;
}

/** Writes the audit log. What cannot be written is told to the server's log and stops nothing. */
export interface Audit {
  /** `ctx` is the request that caused the event; undefined: the server did it by itself. */
  record(ctx: Context | undefined, event: AuditEvent, subject?: AuditSubject): Promise<void>;
  /** A request that was refused for being one too many: one entry for an address, a route and a quarter of an hour. */
  recordLimited(ctx: Context): Promise<void>;
}

const QUARTER_MS = 900_000;

/** The audit log of one server process. */
export function createAudit({ core, clientAddress }: Pick<DialectDeps<unknown>, 'core' | 'clientAddress'>): Audit {
  const log = core.storage.collection(auditSpec);

  function docOf(id: string, ctx: Context | undefined, event: AuditEvent, subject: AuditSubject): AuditDoc {
    const { accountId, deviceId, message = '' } = subject;
    return {
      id,
      at: new Date(core.clock.now()),
      event,
      severity: severityOf(event),
      ...(accountId !== undefined && { user_id: accountId }),
      ...(deviceId !== undefined && { device_id: deviceId }),
      ...(ctx && { address: clientAddress(ctx) }),
      message,
    };
  }

  const unwritten = (err: unknown) => core.log.warn({ err }, 'an event is missing in the audit log');

  return {
    async record(ctx, event, subject = {}) {
      await log.insert(docOf(newId(), ctx, event, subject)).catch(unwritten);
    },
    async recordLimited(ctx) {
      const quarter = Math.floor(core.clock.now() / QUARTER_MS);
      const id = sha256Hex(JSON.stringify([ctx.state.route, addressGroup(clientAddress(ctx)), quarter]));
      try {
        if (await log.get([id])) return;
        await log.put(docOf(id, ctx, 'rate_limit_exceeded', { message: String(ctx.state.route) }));
      } catch (error) {
        unwritten(error);
      }
    },
  };
}

/** What is shown is what is filtered by. */
function severityOf(event: AuditEvent): AuditDoc['severity'] {
  if (/failed|error/.test(event)) return 'error';
  return /rate_limit|revoked|block/.test(event) ? 'warning' : 'info';
}
