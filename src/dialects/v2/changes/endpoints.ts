/** The changes of an account's values: `/v2/changes` (v2.md, section 4). */

import type { Context } from 'koa';
import { z } from 'zod';
import { NotSupportedError } from '../../../base/errors.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Cursors } from '../../../core/changes/cursors.ts';
import type { Feeds } from '../../../core/changes/feeds.ts';
import type { Reader } from '../../../core/changes/followers.ts';
import { type Found, readChanges } from '../../../core/changes/read.ts';
import type { Core } from '../../../core/context.ts';
import { answerJson } from '../../../http/answer.ts';
import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import type { V2Settings } from '../settings.ts';
import { type Next, nextChanges } from './next.ts';
import { type ChangesQuery, changesQuery, readChangesQuery } from './query.ts';
import { streamChanges } from './stream.ts';

const STREAM = 'text/event-stream';

const change = z.object({
  type: z.enum(['put', 'delete', 'expire']),
  key: z.string(),
  etag: z.string().nullable().describe('As the header has it, quotes included; null unless it is a `put`.'),
  at: z.iso.datetime().nullable(),
});

/** The routes of changes. */
export function changeEndpoints({ core }: DialectDeps<V2Settings>, feeds: Feeds): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/v2/changes',
      right: 'read',
      summary: 'What has changed since a cursor, at once, when something happens, or as a stream of events.',
      query: changesQuery,
      answers: {
        200: {
          description: 'The changes, oldest first, and where to go on; the present place when no cursor was given.',
          schema: z.object({ changes: z.array(change), cursor: z.string() }),
          types: [STREAM],
        },
        400: { description: 'The cursor cannot be read, or the query has what it may not have.' },
        410: { description: 'The cursor is too old, or of another account or other data: list again.' },
        429: { description: 'As many requests of the account follow its changes as may.' },
        501: { description: 'A standalone MongoDB cannot tell changes.' },
        503: { description: 'As many requests follow changes as the server takes, or the storage does not answer.' },
      },
      handle: (ctx, caller) => answerChanges(core, feeds, ctx, caller),
    },
  ];
}

async function answerChanges(core: Core, feeds: Feeds, ctx: Context, caller: TokenCaller): Promise<void> {
  const { changes } = core.storage;
  if (changes === undefined) {
    throw new NotSupportedError('this server cannot tell changes: its MongoDB would have to be a replica set', {
      code: 'feed_unsupported',
    });
  }
  const query = readChangesQuery(ctx);
  const cursors = await feeds.cursorsOf(caller.accountId);
  const reader = { accountId: caller.accountId, scopes: caller.scopes, prefix: query.prefix };
  if (ctx.method === 'GET' && ctx.accepts('application/json', STREAM) === STREAM) {
    const given = ctx.get('Last-Event-ID') || query.since;
    const from = given === undefined ? await changes.position() : cursors.read(given);
    await changes.since(caller.accountId, from, 1, 'woken'); // what is wrong with it is said before the stream begins
    await streamChanges(ctx, feeds, reader, caller, { cursors, from });
    return;
  }
  if (query.since === undefined) {
    answer(ctx, { events: [], position: await changes.position() }, cursors);
    return;
  }
  const found = await readChanges(changes, reader, cursors.read(query.since), query.limit);
  const isDone = found.events.length > 0 || found.more || query.wait === 0 || ctx.method === 'HEAD';
  answer(ctx, isDone ? found : await held(ctx, feeds, reader, caller, found, query), cursors);
}

/** Waits until something happens, the time is over, or the client has gone. */
function held(
  ctx: Context,
  feeds: Feeds,
  reader: Reader,
  caller: TokenCaller,
  { position }: Found,
  { limit, wait }: ChangesQuery,
): Promise<Next> {
  const onHangUp = (hangUp: () => void) => ctx.res.once('close', hangUp);
  return nextChanges(feeds, reader, caller, position, { limit, wait, onHangUp });
}

function answer(ctx: Context, { events, position }: Next, cursors: Cursors): void {
  const cursor = JSON.stringify(cursors.of(position));
  answerJson(ctx, `{"changes":[${events.map(({ json }) => json).join(',')}],"cursor":${cursor}}`);
}
