import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { openPage } from '../routes.ts';

/** Pages that tell that something is done, and what comes next. */
const RESULTS = [
  { path: '/register/result', name: 'registered', next: '/login' },
  { path: '/forgot/sent', name: 'sent', next: '/login' },
  { path: '/reset/done', name: 'reset', next: '/login' },
  { path: '/confirm/result', name: 'confirmed', next: '/login' },
  { path: '/account/gone', name: 'gone', next: '/' },
] as const;

/** The pages after a form was sent by somebody who is not signed in. */
export function resultRoutes({ pages }: Web): Route[] {
  return RESULTS.map(({ path, name, next }) =>
    openPage(path, ctx => {
      const t = pages.t(ctx);
      const data = { text: t(`result.${name}Text`), next, nextLabel: t(`result.${name}Next`) };
      pages.show(ctx, { view: 'result', title: t(`result.${name}`), data });
    }),
  );
}
