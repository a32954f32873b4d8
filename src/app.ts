import Koa from 'koa';
import { ReadOnlyError, StorageUnavailableError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config/options.ts';
import { ensureAdmin } from './core/accounts/admin.ts';
import { refreshChosen } from './core/choosing.ts';
import { coreCollections } from './core/collections.ts';
import type { Core } from './core/context.ts';
import { retireExpired } from './core/entries/expire.ts';
import { keepHouse } from './core/housekeeping.ts';
import { sendDueMails } from './core/mail/queue.ts';
import { requestScope } from './core/plugins/scope.ts';
import { dialects } from './dialects/index.ts';
import { createCrossOrigin } from './http/browser/cross-origin.ts';
import { createOrigin } from './http/browser/origin.ts';
import { callerOf, clientAddress } from './http/client-address.ts';
import { edge, type Observe } from './http/edge/edge.ts';
import { createHealth } from './http/edge/health.ts';
import { keptDocument, openApiRoute } from './http/openapi/route.ts';
import { dispatch, type Route } from './http/routing.ts';
import type { CollectionSpec } from './storage/port.ts';
import { SCHEMA_VERSION } from './storage/schema.ts';
import type { Configured, ServerFacts, WebDeps, WebSettings } from './web/deps.ts';
import { forked } from './web/mount/forks.ts';
import { openWeb } from './web/mount/open.ts';

/** What the application is made of; everything is open already. `config` gives the configuration in force. */
export interface AppDeps {
  readonly config: () => Config;
  readonly core: Core;
  readonly log: Log;
  readonly version: string;
  readonly buildCommit: string;
  /** The configuration in force as its file would have it, secrets masked: for admins. */
  readonly shownConfig?: () => string;
  /** Who is told of every request, and where he tells others; absent: nobody. */
  readonly observer?: Observer | undefined;
}

/** See `AppDeps`. */
export interface Observer {
  readonly observe: Observe;
  readonly routes: readonly Route[];
}

/** The application: what answers requests, and what has to be done for it. */
export interface Application {
  readonly koa: Koa;
  /** Every route that is served, and the API or other part of the server that it is of. */
  readonly routes: readonly (Pick<Route, 'method' | 'path'> & { readonly api: string })[];
  /**
   * Makes what has to be in the storage: the admin's account, and what the APIs need. To be called once the storage is ready,
   * and when the configuration was read again; may be repeated. Throws `StartupError` when the configuration does not fit the
   * data.
   */
  prepare(): Promise<void>;
  /** Looks at what admins have chosen at other processes; to be called by each every few seconds. Never throws. */
  refresh(): Promise<void>;
  /**
   * Housekeeping: to be called by each process, `atStart` once everything is prepared, then every hour; one of them does it.
   * Never throws.
   */
  tidy(atStart?: 'atStart'): Promise<void>;
  /** Ends answers that would go on for ever: to be called before the server stops. */
  endStreams(): void;
  /** Takes away values that have expired; to be called by each process twice a minute. Never throws. */
  expire(stopping?: AbortSignal): Promise<void>;
  /** Tries the mails that are due, until `stopping`; to be called by each process every half minute. Never throws. */
  sendMails(stopping?: AbortSignal): Promise<void>;
}

/** Every collection the server may use, of switched-off APIs too: what the storage opens and erasing sweeps. */
// biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
export const collections: readonly CollectionSpec<any>[] = [
  ...coreCollections,
  ...dialects.flatMap(dialect => dialect.collections),
];

/** The route, answering 503 until `prepared`: the right password of an account that is not made yet must not be called wrong. */
function once(prepared: () => boolean, route: Route): Route {
  return {
    ...route,
    handle: (ctx, params) => {
      if (!prepared()) throw new StorageUnavailableError('the server is getting ready');
      return route.handle(ctx, params);
    },
  };
}

/** What is missing and may not be written is made when the configuration is read again without `[APP] read_only`. */
async function unlessReadOnly(work: () => Promise<void>, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ReadOnlyError)) throw error;
    log.warn({}, 'something that the start makes is not made yet: [APP] read_only');
  }
}

/** What the pages know of the configuration. */
function webSettings(config: () => Config): WebSettings {
  const enabled = {
    keybin: () => config().KEYBIN.enabled,
    v2: () => config().V2.enabled,
    punch: () => config().PUNCH.enabled,
    dotsync: () => config().DOTSYNC.enabled,
    'simple-sync': () => config().SIMPLE_SYNC.enabled,
    verstak: () => config().VERSTAK.enabled,
  };
  return {
    speaks: api => enabled[api](),
    attempts: () => config().VERSTAK,
  };
}

/** What admins may choose otherwise. */
function configuredIn({ APP, SECURITY }: Config): Configured {
  return {
    publicUrl: APP.public_url,
    language: APP.language,
    registrationOpen: SECURITY.registration,
    trustedProxies: APP.trusted_proxies,
  };
}

/** The limits that admins are shown. */
function limitsIn({ LIMITS, VERSTAK, SECURITY }: Config): Readonly<Record<string, number>> {
  const { operations_per_push, payload_bytes, page_operations, blob_bytes, vault_bytes, unconfirmed_days } = VERSTAK;
  return {
    value_bytes: LIMITS.value_bytes,
    account_bytes: LIMITS.account_bytes,
    account_keys: LIMITS.account_keys,
    body_bytes: VERSTAK.body_bytes,
    operations_per_push,
    payload_bytes,
    page_operations,
    blob_bytes,
    vault_bytes,
    account_blob_bytes: VERSTAK.account_bytes,
    unconfirmed_days,
    audit_days: VERSTAK.audit_days,
    registrations_per_address: SECURITY.registrations_per_address,
  };
}

/** What the Punch keys of an account are called, where the API that takes them is on. */
function punchKeyLabels(config: () => Config): WebDeps['punchKeyLabels'] {
  return ({ username }) => {
    const { PUNCH, PUNCH_KEYS } = config();
    return PUNCH.enabled ? PUNCH_KEYS.keys.filter(key => key.username === username).map(({ label }) => label) : [];
  };
}

/** What surrounds every request, then the routes of every enabled API. Opens nothing. Throws when two collide. */
export function createApp({
  config,
  core,
  log,
  version,
  buildCommit,
  shownConfig = () => '',
  observer,
}: AppDeps): Application {
  const { ADMIN } = config();
  const trustedProxies = () => core.settings.trustedProxies();
  const addressOf = clientAddress(trustedProxies);
  const deps = {
    core,
    clientAddress: addressOf,
    callerOf: callerOf(addressOf),
    origin: createOrigin({ publicUrl: () => core.settings.publicUrl(), trustedProxies }),
  };
  const opened = dialects
    .filter(({ enabled }) => enabled(config()))
    .map(dialect => ({ name: dialect.name, ...dialect.open(deps, config) }));
  let prepared = false;
  let sending: Promise<void> | undefined;
  const health = createHealth({
    storage: core.storage,
    schemaVersion: SCHEMA_VERSION,
    clock: core.clock,
    version,
    buildCommit,
    prepared: () => prepared,
    readOnly: core.settings.readOnly,
  });
  // One function handles a request: there is no chain to put together.
  const koa: Koa = new Koa({ compose: ([handle]: Koa.Middleware[]) => handle } as object);
  koa.silent = true; // errors are the error handler's; what is left are clients that went away
  const watching = [...health.routes, ...(observer?.routes ?? [])];
  const bare = new Set(watching.map(({ path }) => path));
  const basePath = () => ({ prefix: deps.origin.prefix(), kept: config().APP.keep_prefix, bare });
  const loggedAddress = (ctx: Koa.Context) => (config().APP.log_client_address ? deps.clientAddress(ctx) : undefined);
  const gate = createCrossOrigin({ origin: deps.origin, allowed: () => config().APP.cors_origins });
  const apis = opened.map(({ name, routes }) => ({ name, routes: routes.map(route => once(() => prepared, route)) }));
  const keepHouseNow = () => keepHouse(core, () => Promise.all(opened.map(({ tidy }) => tidy?.())), { now: true });
  const server: ServerFacts = {
    health: health.look,
    hasMailServer: () => config().MAIL.url !== '',
    configured: () => configuredIn(config()),
    limits: () => limitsIn(config()),
    configuration: shownConfig,
    cleanUp: keepHouseNow,
  };
  const operations = opened.flatMap(dialect => dialect.operations ?? []);
  const described =
    operations.length > 0 ? keptDocument({ version, prefix: deps.origin.prefix, operations }) : undefined;
  const documentRoutes = described ? [openApiRoute(described)] : [];
  const about = { settings: webSettings(config), server, version, punchKeyLabels: punchKeyLabels(config), described };
  const web = openWeb({ ...deps, ...about });
  const pages = web.routes.map(route => once(() => prepared, route));
  const mounts = forked([
    { name: 'server', routes: [...watching, ...web.assets] },
    { name: 'document', routes: documentRoutes },
    ...apis,
    { name: 'web', routes: pages },
  ]);
  const announcing = opened.flatMap(({ announce }) => announce ?? []);
  const dispatched = dispatch(mounts, gate);
  const handle = (ctx: Koa.Context) => {
    for (const announce of announcing) announce(ctx);
    return dispatched(ctx);
  };
  // Plugins are told of which request something comes; without one nobody asks.
  const scoped = (ctx: Koa.Context) =>
    core.plugins.any ? requestScope.run(ctx.state, () => handle(ctx)) : handle(ctx);
  koa.use(edge(log, scoped, { basePath, loggedAddress, showError: web.showError, observe: observer?.observe }));
  koa.on('error', (error, ctx) => {
    if (!ctx?.headerSent) return;
    ctx.res.destroy(); // a stream that broke off must not look complete
    const { id, route } = ctx.state;
    // Some close the connection as soon as they have all they want, and some hang up.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') log.debug({ id, route }, 'the client closed the connection');
    else log.warn({ err: error, id, route }, 'answer broken off');
  });
  return {
    koa,
    routes: mounts.flatMap(({ name, routes }) => routes.map(({ method, path }) => ({ method, path, api: name }))),
    async prepare() {
      await refreshChosen(core);
      const works = [
        ...(ADMIN.username === '' ? [] : [() => ensureAdmin(core, ADMIN.username, ADMIN.password)]),
        ...opened.flatMap(({ prepare }) => prepare ?? []),
      ];
      for (const work of works) await unlessReadOnly(work, log);
      prepared = true;
    },
    async refresh() {
      await refreshChosen(core).catch(err => log.debug({ err }, 'what admins chose is looked at later'));
    },
    endStreams() {
      for (const { stop } of opened) stop?.();
    },
    async expire(stopping) {
      const work = retireExpired(core, stopping);
      await work.catch(err => log.warn({ err }, 'values that have expired are taken away later'));
    },
    async sendMails(stopping) {
      // A mail server that keeps others waiting must not be asked by more and more at once.
      sending ??= core.background
        .run(() => sendDueMails(core, stopping))
        .finally(() => {
          sending = undefined;
        });
      await sending;
    },
    async tidy(atStart) {
      const work = () => Promise.all(opened.map(({ tidy }) => tidy?.()));
      await keepHouse(core, work, { now: atStart !== undefined }).catch(err =>
        log.warn({ err }, 'housekeeping failed; it is tried again in an hour'),
      );
    },
  };
}
