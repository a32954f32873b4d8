/** Tokens: made, listed, looked at, renewed and revoked (v2.md, section 5). */

import { ForbiddenError, InvalidInputError, NotFoundError, UnauthorizedError } from '../../../base/errors.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import { endOrphans, endWithFamily, isOfFamily } from '../../../core/access/scoped/family.ts';
import { listTokens, tokenById } from '../../../core/access/scoped/list.ts';
import { makeToken } from '../../../core/access/scoped/make.ts';
import { renewScoped } from '../../../core/access/scoped/renew.ts';
import type { TokenDoc } from '../../../core/collections.ts';
import { answerJson } from '../../../http/answer.ts';
import { CREDENTIAL_BODY, objectReader } from '../../../http/body/body.ts';
import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { readInput } from '../input.ts';
import type { PasswordCaller } from '../password.ts';
import type { V2Settings } from '../settings.ts';
import { presentToken } from './present.ts';
import { listQuery, madeToken, newToken, renewal, renewed, tokenInfo, tokenPage } from './schema.ts';

/** Tokens of a page, unless another number is asked for. */
const PER_PAGE = 100;

const CAPPED = { warnings: ['capped'] };

/** The routes of tokens. */
export function tokenEndpoints({ core }: DialectDeps<V2Settings>): Endpoint[] {
  const read = objectReader(CREDENTIAL_BODY, { optional: true });

  return [
    {
      method: 'POST',
      path: '/v2/tokens',
      right: 'tokens',
      takesPassword: true,
      summary: 'Makes a token. Its secret is in this answer and nowhere else.',
      body: newToken,
      answers: {
        201: { description: 'The token is made.', schema: madeToken },
        409: { description: 'The account has as many tokens as it may.' },
      },
      async handle(ctx, caller) {
        const { name, ttl, scopes, max_uses, client_id } = readInput(newToken, await read(ctx));
        const wish = {
          name: name ?? undefined,
          ttl: ttl ?? undefined,
          scopes: scopes ?? undefined,
          max_uses: max_uses ?? undefined,
          client_id: client_id ?? undefined,
        };
        const by = caller.token === undefined ? { account: caller.account } : { token: caller.token };
        const { doc, secret, capped } = await makeToken(core, { scopes: caller.scopes, by }, wish).catch(
          asUnauthorized,
        );
        const { id, ...info } = presentToken(doc);
        answerJson(ctx, JSON.stringify({ id, token: secret, ...info, ...(capped && CAPPED) }), 201);
      },
    },
    {
      method: 'GET',
      path: '/v2/tokens',
      right: 'tokens',
      takesPassword: true,
      summary: 'Lists the live tokens of the account, those of the original API included.',
      query: listQuery,
      answers: { 200: { description: 'A page of them.', schema: tokenPage } },
      async handle(ctx, { accountId }) {
        const { limit, cursor } = readInput(listQuery, { ...ctx.query });
        const wanted = { limit: Number(limit ?? PER_PAGE), cursor };
        // One after another: many at once would only fill the memory.
        answerJson(ctx, await core.turns.take(`tokens ${accountId}`, () => listText(accountId, wanted)));
      },
    },
    {
      method: 'GET',
      path: '/v2/tokens/self',
      right: 'none',
      takesPassword: true,
      summary: 'The token in use.',
      answers: { 200: { description: 'What is known of it.', schema: tokenInfo } },
      async handle(ctx, caller) {
        answerJson(ctx, JSON.stringify(presentToken(ownToken(caller))));
      },
    },
    {
      method: 'POST',
      path: '/v2/tokens/self/renew',
      right: 'none',
      takesPassword: true,
      summary: 'Has the token in use live for longer, never for less.',
      body: renewal,
      answers: { 200: { description: 'With its new `expires_at`.', schema: renewed } },
      async handle(ctx, caller) {
        const token = ownToken(caller);
        const { ttl } = readInput(renewal, await read(ctx));
        const { expiresAt, capped } = await renewScoped(core, token, ttl ?? undefined);
        const info = presentToken({ ...token, expires_at: expiresAt });
        answerJson(ctx, JSON.stringify({ ...info, ...(capped && CAPPED) }));
      },
    },
    {
      method: 'DELETE',
      path: '/v2/tokens/self',
      right: 'none',
      takesPassword: true,
      summary: 'Revokes the token in use, and all that was made with it.',
      answers: { 204: { description: 'It is dead.' } },
      async handle(ctx, caller) {
        await endWithFamily(core, ownToken(caller));
        ctx.status = 204;
      },
    },
    {
      method: 'DELETE',
      path: '/v2/tokens/:id',
      right: 'tokens',
      takesPassword: true,
      summary:
        'Revokes a token, and all that was made with it. A token of v2 reaches only itself and what was made with it.',
      answers: { 204: { description: 'It is dead.' }, 404: { description: 'There is none that the caller reaches.' } },
      async handle(ctx, caller, { id = '' }) {
        const token = await tokenById(core, caller.accountId, id);
        if (token === undefined || !(await reaches(caller, token))) {
          // Somebody may have revoked it and died before what it made was gone.
          await endOrphans(core, caller.accountId);
          throw new NotFoundError('there is no such token within reach', { code: 'credential_not_found' });
        }
        await endWithFamily(core, token);
        ctx.status = 204;
      },
    },
  ];

  async function listText(accountId: string, wanted: Parameters<typeof listTokens>[2]): Promise<string> {
    const texts: string[] = [];
    let cursor: string | undefined;
    for await (const { items, next } of listTokens(core, accountId, wanted)) {
      for (const token of items) texts.push(JSON.stringify(presentToken(token)));
      cursor = next;
    }
    const rest = JSON.stringify({ cursor, complete: cursor === undefined });
    return `{"tokens":[${texts.join(',')}],${rest.slice(1)}`;
  }

  async function reaches({ token: own }: TokenCaller | PasswordCaller, token: TokenDoc): Promise<boolean> {
    return own?.scopes === undefined || isOfFamily(core, own, token);
  }
}

/** Throws `InvalidInputError` (code `token_needed`) for who came with a password. */
function ownToken({ token }: TokenCaller | PasswordCaller): TokenDoc {
  if (token !== undefined) return token;
  throw new InvalidInputError('self is the token in use: send it as Authorization: Bearer <token>', {
    code: 'token_needed',
  });
}

/** The account changed while the token was made. */
function asUnauthorized(error: unknown): never {
  const isGone = error instanceof ForbiddenError && error.code === 'credentials_invalid';
  throw isGone ? new UnauthorizedError(error.message, { code: 'login_refused' }) : error;
}
