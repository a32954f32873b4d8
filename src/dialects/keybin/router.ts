import type { Context } from 'koa';
import { checkKey } from '../../base/names.ts';
import { resolveFullToken } from '../../core/access/callers.ts';
import { authenticate } from '../../core/access/login.ts';
import {
  accountOf,
  clientIdOf,
  issueToken,
  renewToken,
  resolveToken,
  revokeToken,
  secondsUntil,
} from '../../core/access/tokens.ts';
import { changeOwnPassword, register, unregister } from '../../core/accounts/accounts.ts';
import type { AccountDoc, TokenDoc } from '../../core/collections.ts';
import { deleteEntry, getEntry, keyNotFound, listKeys, setEntry } from '../../core/entries/entries.ts';
import { originalJson } from '../../core/entries/original.ts';
import { pagesOf } from '../../core/pages.ts';
import { answerJson } from '../../http/answer.ts';
import { bearerToken } from '../../http/bearer.ts';
import { CREDENTIAL_BODY, objectReader } from '../../http/body/body.ts';
import { jsonStream } from '../../http/json-stream.ts';
import type { Params, Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import {
  readCredentials,
  readKeysQuery,
  readPasswordChange,
  readTokenRequest,
  readValue,
  valueInvalid,
} from './schema.ts';

/** What a value's body may have beside the value, in bytes. */
const BESIDE = 65_536;

/** Lists and objects inside one another: a value may nest 1000 deep, and stands in the body's object. */
const DEPTH = 1001;

/** More than a value of the default length has room for. */
const VALUES = 1_000_000;

/** Keys read at a time for a complete listing. */
const PAGE = 1000;

const OK = '{"result":"ok"}';

/** The routes of docs/dialects/keybin.md. Order of checks: token, key, body. */
export function routes({ core, callerOf }: DialectDeps<unknown>): Route[] {
  const readSmall = objectReader(CREDENTIAL_BODY);
  const readOptional = objectReader(CREDENTIAL_BODY, { optional: true });
  const readEntry = objectReader({
    bytes: core.settings.valueBytes + BESIDE,
    depth: DEPTH,
    values: VALUES,
    refusal: valueInvalid,
  });

  /** The account whose password the body has. */
  async function login(ctx: Context, credentials: { username: string; password: string }): Promise<AccountDoc> {
    const account = await authenticate(core, { ...credentials, ...callerOf(ctx) });
    ctx.state.account = account.user_id;
    return account;
  }

  async function tokenOf(ctx: Context, params: Params): Promise<TokenDoc> {
    // A token of v2 never stands in a path.
    const resolve = params.token === 'me' ? resolveFullToken : resolveToken;
    const doc = await resolve(core, secretOf(ctx, params));
    ctx.state.account = doc.user_id;
    return doc;
  }

  return [
    {
      method: 'POST',
      path: '/register',
      handle: async ctx => {
        const { username, password } = readCredentials(await readSmall(ctx));
        ctx.state.account = (await register(core, username, password, callerOf(ctx))).user_id;
        answerJson(ctx, OK);
      },
    },
    {
      method: 'DELETE',
      path: '/unregister',
      handle: async ctx => {
        await unregister(core, await login(ctx, readCredentials(await readSmall(ctx))));
        answerJson(ctx, OK);
      },
    },
    {
      method: 'POST',
      path: '/password',
      handle: async ctx => {
        const { new_password, ...credentials } = readPasswordChange(await readSmall(ctx));
        await changeOwnPassword(core, await login(ctx, credentials), new_password, callerOf(ctx));
        answerJson(ctx, OK);
      },
    },
    {
      method: 'POST',
      path: '/token',
      handle: async ctx => {
        const { client_id, ...credentials } = readTokenRequest(await readSmall(ctx));
        const { token, expireSeconds } = await issueToken(core, await login(ctx, credentials), client_id);
        answerJson(ctx, JSON.stringify({ token: { token, expire_seconds: expireSeconds } }));
      },
    },
    {
      method: 'GET',
      path: '/user/:token',
      handle: async (ctx, params) => {
        const doc = await tokenOf(ctx, params);
        const { username } = await accountOf(core, doc);
        ctx.body = {
          username,
          client_id: clientIdOf(doc),
          expires_at: doc.expires_at.toISOString(),
          expire_seconds: secondsUntil(core, doc.expires_at),
        };
      },
    },
    {
      method: 'POST',
      path: '/user/:token/renew',
      handle: async (ctx, params) => {
        const doc = await tokenOf(ctx, params);
        await readOptional(ctx);
        const { expireSeconds } = await renewToken(core, doc);
        ctx.body = { token: { token: secretOf(ctx, params), expire_seconds: expireSeconds } };
      },
    },
    {
      method: 'DELETE',
      path: '/user/:token',
      handle: async (ctx, params) => {
        await revokeToken(core, await tokenOf(ctx, params));
        answerJson(ctx, OK);
      },
    },
    {
      method: 'GET',
      path: '/user/:token/keys',
      handle: async (ctx, params) => {
        const { user_id } = await tokenOf(ctx, params);
        const { limit, ...query } = readKeysQuery(ctx);
        if (limit !== undefined) {
          const page = await listKeys(core, user_id, { ...query, limit });
          answerJson(ctx, JSON.stringify({ keys: page.items, cursor: page.next }));
          return;
        }
        const pages = pagesOf(after => listKeys(core, user_id, { ...query, limit: PAGE, ...after }));
        ctx.type = 'json';
        ctx.body = await jsonStream('{"keys":[', pages, keys => JSON.stringify(keys).slice(1, -1), ']}');
      },
    },
    {
      method: 'GET',
      path: '/user/:token/store/:key',
      handle: async (ctx, params) => {
        const { user_id } = await tokenOf(ctx, params);
        const key = params.key ?? '';
        checkKey(key);
        const shown = originalJson(core, await getEntry(core, user_id, key));
        if (typeof shown === 'string') answerJson(ctx, shown);
        else {
          const pieces = await shown;
          ctx.type = 'json';
          ctx.body = pieces;
        }
      },
    },
    {
      method: 'POST',
      path: '/user/:token/store/:key',
      handle: async (ctx, params) => {
        const { user_id } = await tokenOf(ctx, params);
        const key = params.key ?? '';
        checkKey(key);
        await setEntry(core, user_id, key, readValue(await readEntry(ctx)));
        answerJson(ctx, OK);
      },
    },
    {
      method: 'DELETE',
      path: '/user/:token/store/:key',
      handle: async (ctx, params) => {
        const { user_id } = await tokenOf(ctx, params);
        const key = params.key ?? '';
        checkKey(key);
        if (!(await deleteEntry(core, user_id, key))) throw keyNotFound();
        answerJson(ctx, OK);
      },
    },
  ];
}

/** The token itself: in the path, or for `/user/me/…` in the Authorization header. */
function secretOf(ctx: Context, params: Params): string {
  return (params.token === 'me' ? bearerToken(ctx) : params.token) ?? '';
}
