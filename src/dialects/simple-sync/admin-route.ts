import type { Context } from 'koa';
import { AppError } from '../../base/errors.ts';
import type { AuditEvent } from '../../core/audit/events.ts';
import type { Audit } from '../../core/audit/record.ts';
import type { Method, Params, Route } from '../../http/routing.ts';
import type { Access } from './access.ts';

/** What an admin has done: the events of the audit log that stand for it, and the account that it was done to. */
interface Deed {
  readonly events: readonly AuditEvent[];
  readonly accountId?: string;
}

/** Makes the routes of admins: the token is looked at first, and every call is in the audit log. */
export function adminRouteOf(access: Access, audit: Audit<Context>) {
  return (method: Method, path: string, handle: (ctx: Context, params: Params) => Promise<Deed>): Route => ({
    method,
    path,
    async handle(ctx, params) {
      const { user_id } = await access.admin(ctx);
      const message = `by ${user_id}`;
      try {
        const { events, ...subject } = await handle(ctx, params);
        for (const event of events) {
          // A program may look all the time: an entry for each would drown the others.
          if (method === 'GET') await audit.recordOnce(ctx, event, user_id, { ...subject, message });
          else await audit.record(ctx, event, { ...subject, message });
        }
      } catch (error) {
        const refused = `${method} ${path} ${error instanceof AppError ? error.code : 'failed'} ${message}`;
        await audit.recordOnce(ctx, 'admin_call_failed', refused, { message: refused });
        throw error;
      }
    },
  });
}
