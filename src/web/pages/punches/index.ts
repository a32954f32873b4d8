import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { editRoutes } from './edit.ts';
import { sendExport } from './export.ts';
import { showOverview } from './overview.ts';
import { sceneOf } from './scene.ts';
import { startClock } from './start.ts';

/** Working hours: seen, filtered, taken home, and changed so that clients take the changes over. */
export function punchRoutes(web: Web): Route[] {
  const user = signedIn(web, 'user');
  const download = (format: 'csv' | 'json') =>
    user.page(`/punches/export.${format}`, (ctx, { account }) =>
      sendExport(web.core, ctx, account.user_id, sceneOf(web, ctx), format),
    );
  return [
    user.page('/punches', (ctx, session) => showOverview(web, ctx, session)),
    download('csv'),
    download('json'),
    user.form('/punches/start', ['project', 'back'], (ctx, session, fields) => startClock(web, ctx, session, fields)),
    ...editRoutes(web),
  ];
}
