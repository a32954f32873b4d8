import { z } from 'zod';
import { answerJson } from '../../../http/answer.ts';
import { jsonStream } from '../../../http/json-stream.ts';
import type { Route } from '../../../http/routing.ts';
import { demandUploaded } from '../blobs/references.ts';
import { fieldsReader, text, whole } from '../body.ts';
import type { Verstak } from '../context.ts';
import { invalidJson, invalidRequest, tooManyOperations } from '../refusals.ts';
import { routesOf } from '../routes.ts';
import { filteredOperations } from './filtered.ts';
import { demandShort, readOperations } from './operations.ts';
import { portionsOf, pullPage } from './pull.ts';
import { storePush } from './push.ts';

const NAME_BYTES = 128;
/** The shortest operations take twelve bytes for each value. */
const VALUE_BYTES = 10;

const pushBody = z.object({ device_id: text, idempotency_key: text, ops: z.unknown().optional() });
const pullBody = z.object({ since_sequence: whole, page_limit: whole });

/** Devices add to the log of their vault, and read what is new in it (contract, section 4). */
export function syncRoutes(verstak: Verstak): Route[] {
  const { core, settings } = verstak;
  const { body_bytes } = settings();
  const limits = { bytes: body_bytes, values: Math.ceil(body_bytes / VALUE_BYTES), depth: 100 };
  const readPull = fieldsReader(limits);
  const readPush = fieldsReader({
    ...limits,
    // Clients halve what has too many of them, and nothing else in a push is many.
    refusal: (message, exceeded) =>
      exceeded === 'values' ? tooManyOperations(settings().operations_per_push) : invalidJson(message),
  });
  const { device } = routesOf(verstak);
  return [
    device('POST', '/api/v1/sync/push', async (ctx, { device: own }) => {
      const { device_id, idempotency_key, ops } = await readPush(ctx, pushBody);
      const { operations_per_push, payload_bytes } = settings();
      const most = { operations: operations_per_push, payload: payload_bytes };
      const { operations, references } = await filteredOperations(core, own, await readOperations(ops, most), most);
      // The token says who sends: the id is looked at no further.
      demandShort('device_id', device_id, NAME_BYTES);
      demandShort('idempotency_key', idempotency_key, NAME_BYTES);
      await demandUploaded(core, own, references);
      // Several at once would only be in each other's way; with those of other processes the storage settles it.
      const vault = JSON.stringify([own.user_id, own.vault]);
      const push = { idempotencyKey: idempotency_key, operations };
      const answer = await core.turns.take(`push ${vault}`, () => storePush(core, own, push));
      answerJson(ctx, answer);
    }),
    device('POST', '/api/v1/sync/pull', async (ctx, { device: own }) => {
      const { since_sequence, page_limit } = await readPull(ctx, pullBody);
      if (since_sequence < 0) throw invalidRequest('since_sequence: it is negative');
      if (page_limit < 0) throw invalidRequest('page_limit: it is negative');
      const { page_operations } = settings();
      const limit = Math.min(page_limit || page_operations, page_operations);
      const { texts, place } = await pullPage(core, own, since_sequence, limit);
      const end = `],${JSON.stringify(place).slice(1)}`;
      const answer = await jsonStream('{"ops":[', portionsOf(texts), members => members.join(), end);
      if (typeof answer === 'string') answerJson(ctx, answer);
      else {
        ctx.type = 'json';
        ctx.body = answer;
      }
    }),
  ];
}
