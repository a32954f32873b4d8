import type { Context } from 'koa';
import { AppError } from '../../base/errors.ts';
import { deletePunches, readPunchPages, storePunches } from '../../core/punches/store.ts';
import { type SourcedJson, sourcedJsonReader } from '../../http/body/body.ts';
import { jsonStream } from '../../http/json-stream.ts';
import type { Route } from '../../http/routing.ts';
import type { DialectDeps, OpenDialect } from '../dialect.ts';
import { accountOfRequest } from './credentials.ts';
import { createKeyring, type PunchSettings } from './keyring.ts';
import { createManifests } from './manifest.ts';
import { readIds, readPunches } from './schema.ts';

/**
 * What a body may have. The shortest comments take ten bytes for each value, punches more. Fields of a client's own may nest 1000
 * deep, and stand in a comment, a list, a punch, a list and the body's object.
 */
const BODY = { bytes: 16_777_216, values: 2_000_000, depth: 1005 };

/** What stands around an answer. */
type Envelope = readonly [open: string, close: string];

/** The routes of docs/dialects/punch.md. Order of checks: credential, body. */
export function openPunch({ core, settings }: DialectDeps<PunchSettings>): OpenDialect {
  const keyring = createKeyring(core, settings);
  const readBody = sourcedJsonReader(BODY);
  const manifests = createManifests(core);
  const account = (ctx: Context) => accountOfRequest(core, keyring, ctx);

  /** What the body says. Clients do not look at the answer to an upload: the log is the only place a refusal shows. */
  async function input<T>(ctx: Context, read: (body: SourcedJson) => Promise<T>): Promise<T> {
    try {
      return await read(await readBody(ctx));
    } catch (error) {
      if (error instanceof AppError) {
        const { id, account: accountId, route } = ctx.state;
        core.log.warn({ id, account: accountId, route, code: error.code, reason: error.message }, 'punches refused');
      }
      throw error;
    }
  }

  const endpoints = (path: string, [open, close]: Envelope): Route[] => [
    {
      method: 'GET',
      path: `${path}/manifest`,
      handle: async ctx => {
        const whose = [await account(ctx), ctx.query.deleted === '1'] as const;
        const known = await manifests.known(...whose);
        ctx.type = 'json';
        if (known !== undefined) {
          ctx.body = Buffer.concat([Buffer.from(`${open}{`), known, Buffer.from(`}${close}`)]);
          return;
        }
        const pages = manifests.pages(...whose);
        ctx.body = await jsonStream(`${open}{`, pages, members => members, `}${close}`);
      },
    },
    {
      method: 'POST',
      path: `${path}/upload`,
      handle: async ctx => {
        const accountId = await account(ctx);
        await storePunches(core, accountId, await input(ctx, readPunches));
        ctx.status = 204;
      },
    },
    {
      method: 'POST',
      path: `${path}/download`,
      handle: async ctx => {
        const accountId = await account(ctx);
        const pages = readPunchPages(core, accountId, await input(ctx, readIds));
        ctx.type = 'json';
        ctx.body = await jsonStream(`${open}{"punches":[`, pages, bodies => bodies.join(), `]}${close}`);
      },
    },
    {
      method: 'POST',
      path: `${path}/delete`,
      handle: async ctx => {
        const accountId = await account(ctx);
        await deletePunches(core, accountId, await input(ctx, readIds));
        ctx.status = 204;
      },
    },
  ];

  return {
    routes: [
      ...endpoints('/api/v1/punches', ['', '']),
      // What the client was shipped with.
      ...endpoints('/api/v1/sync', ['{"data":', '}']),
    ],
    prepare: () => keyring.prepare(),
  };
}
