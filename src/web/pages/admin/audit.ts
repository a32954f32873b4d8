import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { type AuditEvent, auditEvents, SEVERITIES } from '../../../core/audit/events.ts';
import { listAudit } from '../../../core/audit/list.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { asked } from './asked.ts';

const EVENTS = Object.keys(auditEvents) as readonly AuditEvent[];

/** What an admin may want to know of later, newest first. */
export function auditRoutes(web: Web): Route[] {
  const { core, pages } = web;

  async function list(ctx: Context, session: Session): Promise<void> {
    const query = asked(ctx);
    const filters = {
      q: query.text('q'),
      event: query.one('event', EVENTS),
      user: query.text('user'),
      severity: query.one('severity', SEVERITIES),
    };
    const listed = await listAudit(core, { ...filters, page: query.page, perPage: query.perPage, after: query.after });
    const data = {
      listed,
      rows: listed.items,
      filters,
      events: EVENTS,
      severities: SEVERITIES,
      link: query.link(filters),
      further: listed.search?.next === undefined ? undefined : query.further(filters, listed.search.next),
    };
    pages.show(ctx, { view: 'admin/audit', title: pages.t(ctx)('nav.audit'), session, data });
  }

  return [signedIn(web, 'admin').page('/admin/audit', list)];
}
