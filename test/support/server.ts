/** A whole server over an engine under test, spoken to over HTTP. */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, createApp } from '../../src/app.ts';
import type { Log } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/options.ts';
import { renderEffective } from '../../src/config/render/render.ts';
import { isObserved } from '../../src/config/sections/metrics.ts';
import type { Core } from '../../src/core/context.ts';
import type { Hooks } from '../../src/core/plugins/hooks.ts';
import { assemble } from '../../src/process/assemble.ts';
import { listen } from '../../src/process/listen.ts';
import { openMetrics } from '../../src/process/metrics/open.ts';
import type { TestClock } from './clock.ts';
import type { OpenedEngine } from './engines.ts';
import { type ReadMail, readMails } from './mails.ts';
import { type Answer, request } from './request.ts';

/** What a test may change of a server. */
export interface ServerOptions {
  /** Option values by environment name without `KEYBIN_`: `{ STORE_TOKEN_EXPIRATION: '60' }`. */
  readonly options?: Readonly<Record<string, string>>;
  readonly log?: Log;
  /** Plugins by their names, in this order. */
  readonly plugins?: Readonly<Record<string, Hooks>>;
}

/** A running server. */
export interface TestServer {
  readonly url: string;
  readonly core: Core;
  readonly clock: TestClock;
  /** What its process has it do by itself. */
  readonly app: Application;
  /** Every route that it serves. */
  readonly routes: Application['routes'];
  /** Takes over other option values, as SIGHUP does. */
  configure(options: Readonly<Record<string, string>>): Promise<void>;
  /** Sends a request; a body that is not a string goes as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** What it sent so far, in this order; waits for what is on its way. Nothing when the options name an SMTP server. */
  mails(): Promise<ReadMail[]>;
  /** Tries the mails that are due, as every process does it every half minute. */
  sendMails(): Promise<void>;
  /** Looks at what admins have chosen at other processes, as every process does it every few seconds. */
  refresh(): Promise<void>;
  /** Takes away values that have expired, as every process does it twice a minute. */
  expire(): Promise<void>;
  /** Housekeeping, as every process begins it each hour. */
  tidy(atStart?: 'atStart'): Promise<void>;
  stop(): Promise<void>;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Cheap passwords, and any number of accounts: tests register many. */
const TEST_OPTIONS = {
  SECURITY_BCRYPT_COST: '4',
  SECURITY_HASH_THREADS: '1',
  SECURITY_REGISTRATIONS_PER_ADDRESS: '0',
};

/** Starts a server on the data of an open engine, with its clock. */
export async function startServer(
  engine: OpenedEngine,
  { options = {}, log = silent, plugins = {} }: ServerOptions = {},
): Promise<TestServer> {
  const { host, database } = engine.options;
  const place = { STORE_HOST: host, ...(host.startsWith('file:') ? {} : { STORE_DATABASE: database }) };
  const outbox = await mkdtemp(join(tmpdir(), 'keybin-outbox-'));
  const load = (changes: Readonly<Record<string, string>>) => {
    const mail: Record<string, string> = 'MAIL_URL' in changes ? {} : { MAIL_DIRECTORY: outbox };
    return configOf({ ...TEST_OPTIONS, ...place, ...mail, ...changes });
  };
  let config = await load(options);
  const metrics = isObserved(config) ? openMetrics(config, '0.0.0-test') : undefined;
  const core = await assemble(() => config, engine.clock, log, metrics?.observed);
  await core.storage.ready;
  for (const [name, hooks] of Object.entries(plugins)) core.plugins.add(name, hooks);
  const app = createApp({
    config: () => config,
    core,
    log,
    version: '0.0.0-test',
    buildCommit: 'test',
    shownConfig: () => renderEffective(config),
    observer: metrics?.observer,
  });
  metrics?.begin(core, app.routes);
  await app.prepare();
  const server = await listen(app.koa.callback(), '127.0.0.1', 0, { connections: config.LIMITS.connections, log });
  return {
    url: server.url,
    core,
    clock: engine.clock,
    app,
    routes: app.routes,
    async configure(changes) {
      config = await load({ ...options, ...changes });
      await app.prepare();
    },
    request: (method, path, body, headers) => request(server.url, method, path, body, headers),
    async mails() {
      await core.background.idle();
      return readMails(outbox);
    },
    expire: () => app.expire(),
    refresh: () => app.refresh(),
    sendMails: () => app.sendMails(),
    tidy: atStart => app.tidy(atStart),
    async stop() {
      app.endStreams();
      await server.stop();
      await core.background.idle();
      await core.plugins.close();
      await core.passwords.close();
      await core.storage.close();
      await metrics?.close();
      await rm(outbox, { recursive: true, force: true });
    },
  };
}

async function configOf(options: Readonly<Record<string, string>>): Promise<Config> {
  const environment = Object.fromEntries(Object.entries(options).map(([name, value]) => [`KEYBIN_${name}`, value]));
  return (await loadConfig({ environment, directory: `/nonexistent/${randomUUID()}` })).config;
}
