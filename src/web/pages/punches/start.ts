import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { addPunch } from '../../../core/punches/edit.ts';
import { listPunches } from '../../../core/punches/read.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Web } from '../../context.ts';
import type { Fields } from '../../routes.ts';
import { backTo } from './query.ts';

/** Starts the clock for a project, at the rate that its last punch has. Throws as `addPunch`. */
export async function startClock(
  { core }: Web,
  ctx: Context,
  { account }: Session,
  { project, back }: Fields<'project' | 'back'>,
): Promise<void> {
  const name = project.trim();
  const { items } = await listPunches(core, account.user_id, { limit: 1, project: name });
  await addPunch(core, account.user_id, { project: name, in: core.clock.now(), rate: items[0]?.rate ?? 0 });
  redirect(ctx, backTo(back, 'punch_started'), 303);
}
