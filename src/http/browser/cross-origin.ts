import type { Context } from 'koa';
import { ForbiddenError } from '../../base/errors.ts';
import type { CrossOrigin } from '../routing.ts';
import { methodsOf } from '../routing.ts';
import type { Origin } from './origin.ts';
import { prefersHtml } from './page.ts';

/** What {@link createCrossOrigin} goes by. */
export interface CrossOriginOptions {
  readonly origin: Pick<Origin, 'isForeign'>;
  /** Origins whose pages may use the APIs, as browsers write them; `*` is every one. */
  readonly allowed: () => readonly string[];
}

/** What scripts may read of an answer, beside what any page may: of the original API and of `/v2`. */
const EXPOSED = [
  'ETag',
  'Retry-After',
  'X-Request-Id',
  'Content-Range',
  'Keybin-Expires-At',
  'Idempotent-Replay',
  'RateLimit',
  'RateLimit-Policy',
].join(', ');

/** Seconds for which a browser need not ask again. */
const MAX_AGE = '600';

/** Beginning of headers that scripts may read by whatever names they have. */
const META = 'keybin-meta-';

const EXPOSE = 'Access-Control-Expose-Headers';

const HEADER_NAMES = /^[\w!#$%&'*+.^`|~, -]+$/;

/** Makes a {@link CrossOrigin} (contracts, "Foreign pages" and "CORS"). */
export function createCrossOrigin({ origin, allowed }: CrossOriginOptions): CrossOrigin {
  /** Whether CORS lets the sender in; tells its browser so. */
  function letIn(ctx: Context): boolean {
    const origins = allowed();
    if (origins.length === 0) return false;
    const sender = ctx.req.headers.origin;
    if (origins.includes('*')) {
      // A browser may keep the origin for itself; whoever asks is welcome.
      if (sender !== undefined) tell(ctx, '*');
      return true;
    }
    if (sender === undefined) return false;
    ctx.vary('Origin');
    if (!origins.includes(sender)) return false;
    tell(ctx, sender);
    return true;
  }

  return {
    admit(ctx, { kind }) {
      const { headers } = ctx.req;
      if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return;
      if (kind === 'browser' || letIn(ctx) || kind === 'open' || !origin.isForeign(ctx)) return;
      if (kind === 'linked' && headers['sec-fetch-mode'] === 'navigate' && prefersHtml(ctx)) return;
      throw new ForbiddenError(
        'a page of another origin sent this; pages of an origin in [APP] cors_origins may, and programs without Origin and Sec-Fetch-Site',
        { code: 'foreign_origin' },
      );
    },
    answerPreflight(ctx, routes) {
      if (ctx.req.headers.origin === undefined) return false;
      const open = routes.filter(({ kind }) => kind !== 'browser');
      if ((open.length === 0 && routes.length > 0) || !letIn(ctx)) return false;
      if (open.length === 0 || ctx.method !== 'OPTIONS' || !ctx.get('Access-Control-Request-Method')) return false;
      const wanted = ctx.get('Access-Control-Request-Headers');
      ctx.status = 204;
      ctx.set('Access-Control-Allow-Methods', methodsOf(open));
      if (HEADER_NAMES.test(wanted)) ctx.set('Access-Control-Allow-Headers', wanted);
      ctx.set('Access-Control-Max-Age', MAX_AGE);
      return true;
    },
  };
}

function tell(ctx: Context, origin: string): void {
  ctx.set('Access-Control-Allow-Origin', origin);
  ctx.set(EXPOSE, EXPOSED);
}

/** Lets scripts read the metadata of a value as well, where they may read the answer. To be called once its headers are set. */
export function exposeMeta(ctx: Context): void {
  if (!ctx.res.hasHeader(EXPOSE)) return;
  const meta = ctx.res.getHeaderNames().filter(name => name.startsWith(META));
  if (meta.length > 0) ctx.set(EXPOSE, [EXPOSED, ...meta].join(', '));
}
