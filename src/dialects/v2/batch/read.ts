/** The body of a batch, checked as far as it can be before anything is looked at. */

import type { Context } from 'koa';
import { z } from 'zod';
import { InvalidInputError, PayloadTooLargeError } from '../../../base/errors.ts';
import { TextPieces } from '../../../base/json/text.ts';
import { checkV2Key } from '../../../base/names.ts';
import { eachInSlices, inSlices } from '../../../base/slices.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import { type Conditions, readConditions } from '../../../core/entries/raw/conditions.ts';
import { asObject, jsonOf } from '../../../http/body/body.ts';
import { reasonOf } from '../../../http/body/shape.ts';
import { demandRead, demandWrite } from '../endpoint.ts';
import { readInput } from '../input.ts';
import { BATCH_OPS } from '../numbers.ts';
import { jsonIn, type LongTexts, type PutBytes, putBytes, withoutLong } from './put-bytes.ts';
import { type Op, opSchema, type Put } from './schema.ts';

/** A value may nest 1,000 deep, and stands three deep in the body. */
const LIMITS = { depth: 1003, values: 1_000_000 };

/** The operations are looked at one by one. */
const BODY = z.object({ ops: z.unknown() });

/** An operation that was read. `content` is what a `put` stores. */
export interface ReadOp {
  readonly op: Op;
  readonly conditions: Conditions;
  readonly content?: PutBytes;
}

/**
 * The operations, in their order. Throws `InvalidInputError` (codes `json_invalid`, `field_unknown`, `ops_invalid`, `key_invalid`,
 * `key_repeated`, `if_match_invalid`, `if_none_match_invalid`, `value_invalid`), `ForbiddenError` (code `scope_insufficient`),
 * `PayloadTooLargeError`.
 */
export async function readOps(ctx: Context, caller: TokenCaller, source: Buffer): Promise<ReadOp[]> {
  const { ops: given } = readInput(BODY, asObject(await jsonOf(ctx, source, LIMITS, pieces => new TextPieces(pieces))));
  if (Array.isArray(given) && given.length > BATCH_OPS) {
    throw new PayloadTooLargeError(BATCH_OPS, {}, 'ops', 'operations');
  }
  if (!Array.isArray(given) || given.length === 0) throw invalid('ops', 'expected a list of 1 to 500 operations');
  const ops: Op[] = [];
  const texts: LongTexts[] = [];
  await eachInSlices(given, (one, i) => {
    const { op, long } = withoutLong(one);
    texts.push(long);
    ops.push(opOf(op, i));
  });
  for (const op of ops) demandScope(caller, op);
  demandKeys(ops);
  const conditions = ops.map(op => conditionsOf(op));
  const jsons = await jsonIn(source, ops);
  const slices = inSlices();
  const read: ReadOp[] = [];
  for (const [i, op] of ops.entries()) {
    read.push({
      op,
      conditions: conditions[i] ?? {},
      ...(op.op === 'put' && { content: await contentOf(op, i, texts[i] ?? {}, jsons[i]) }),
    });
    if (slices.over()) await slices.pause();
  }
  return read;
}

function opOf(given: unknown, index: number): Op {
  const result = opSchema.safeParse(given);
  if (!result.success) throw invalid('ops', `[${index}].${reasonOf(result.error, given)}`);
  const op = result.data;
  if (op.op === 'check' && op.if_match === undefined && op.if_none_match === undefined) {
    throw invalid('ops', `[${index}]: a check takes if_match or if_none_match`);
  }
  return op;
}

function demandScope(caller: TokenCaller, { op, key }: Op): void {
  if (op === 'get' || op === 'check' || op === 'incr') demandRead(caller, key);
  if (op !== 'get' && op !== 'check') demandWrite(caller, key);
}

function demandKeys(ops: readonly Op[]): void {
  const seen = new Set<string>();
  for (const { key } of ops) {
    checkV2Key(key);
    if (seen.has(key)) {
      throw new InvalidInputError(`ops: ${key} is there more than once: one key may stand once in a batch`, {
        code: 'key_repeated',
      });
    }
    seen.add(key);
  }
}

function conditionsOf({ if_match, if_none_match }: Op): Conditions {
  return readConditions({ if_match, if_none_match });
}

async function contentOf(op: Put, index: number, long: LongTexts, json: Buffer | undefined): Promise<PutBytes> {
  const given = [op.value, op.value_base64, op.json].filter(value => value !== undefined);
  if (given.length !== 1) throw invalid('ops', `[${index}]: a put takes one of value, value_base64, json`);
  const content = await putBytes(op, long, json).catch(error => {
    throw error instanceof RangeError ? invalid('ops', `[${index}].value: ${error.message}`) : error;
  });
  if (content === undefined) throw invalid('ops', `[${index}].value_base64: expected base64 with its padding`);
  return content;
}

function invalid(field: 'ops', message: string): InvalidInputError {
  return new InvalidInputError(`${field}: ${message}`, { code: 'ops_invalid' });
}
