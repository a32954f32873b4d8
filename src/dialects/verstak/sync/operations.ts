import { z } from 'zod';
import { InvalidInputError } from '../../../base/errors.ts';
import { parseJson } from '../../../base/json/parse.ts';
import { inSlices } from '../../../base/slices.ts';
import { type BlobReference, blobReference } from '../blobs/references.ts';
import { text, typed, whole } from '../body.ts';
import { fieldTooLong, operationRefused, payloadTooLarge, tooManyOperations } from '../refusals.ts';

const operation = z.object({
  op_id: text,
  entity_type: text,
  entity_id: text,
  op_type: text,
  payload_json: text,
  client_sequence: whole,
  last_seen_server_seq: whole,
  created_at: text,
});
const operations = z.object({ ops: z.array(operation).nullish() });

/** An operation as a device sent it; what was missing is empty or 0. */
export type SentOperation = z.infer<typeof operation>;

/** Most bytes of the fields that have to be there. */
const NEEDED = { op_id: 128, entity_type: 64, entity_id: 4096, op_type: 64 } as const;
/** Most bytes of a moment by a client's clock; what is sent here is some twenty. */
const MOMENT_BYTES = 128;
/** Bytes of a payload that is parsed at once: the longest unless the configuration says otherwise. */
const AT_ONCE = 262_144;
/** Lists and objects inside one another in a payload that is longer. */
const LONG_DEPTH = 1000;

/** How much a push may have. */
export interface PushLimits {
  readonly operations: number;
  /** Bytes of a payload. */
  readonly payload: number;
}

/**
 * The operations of a push, checked in slices, and the blobs they refer to. Throws `PayloadTooLargeError` (codes `too_many_operations`,
 * `payload_too_large`), `InvalidInputError` (codes `invalid_json`, `invalid_operation`, `field_too_long`, `invalid_payload`,
 * `inline_binary_forbidden`, `invalid_blob_reference`).
 */
export async function readOperations(
  ops: unknown,
  limits: PushLimits,
): Promise<{ operations: SentOperation[]; references: BlobReference[] }> {
  // They are counted before they are looked at: a body has room for a million.
  if (Array.isArray(ops) && ops.length > limits.operations) throw tooManyOperations(limits.operations);
  const sent = typed(operations, { ops }).ops ?? [];
  const references: BlobReference[] = [];
  const slices = inSlices();
  for (const [i, operation] of sent.entries()) {
    const reference = await check(operation, `ops[${i}]`, limits);
    if (reference) references.push(reference);
    if (slices.over()) await slices.pause();
  }
  return { operations: sent, references };
}

/** Throws unless a text has at most that many bytes. */
export function demandShort(field: string, value: string, bytes: number): void {
  if (Buffer.byteLength(value) > bytes) throw fieldTooLong(field, bytes);
}

/** The reference in an operation, if it has one. */
async function check(sent: SentOperation, place: string, limits: PushLimits): Promise<BlobReference | undefined> {
  for (const field of Object.keys(NEEDED) as (keyof typeof NEEDED)[]) {
    if (sent[field].trim() === '') throw operationRefused('invalid_operation', `${place}.${field}`, 'it is missing');
  }
  for (const field of ['client_sequence', 'last_seen_server_seq'] as const) {
    if (sent[field] < 0) throw operationRefused('invalid_operation', `${place}.${field}`, 'it is negative');
  }
  for (const [field, bytes] of Object.entries(NEEDED)) {
    demandShort(`${place}.${field}`, sent[field as keyof typeof NEEDED], bytes);
  }
  demandShort(`${place}.created_at`, sent.created_at, MOMENT_BYTES);
  return checkPayload(sent, `${place}.payload_json`, limits);
}

/** The payload is parsed to see that it can be, and kept as it is: other devices hash its text. */
async function checkPayload({ entity_type, payload_json }: SentOperation, place: string, limits: PushLimits) {
  if (payload_json === '') return undefined;
  const bytes = Buffer.byteLength(payload_json);
  if (bytes > limits.payload) throw payloadTooLarge(place, limits.payload);
  const payload = bytes > AT_ONCE ? await parseLong(payload_json, place) : parse(payload_json, place);
  return entity_type === 'file' ? blobReference(payload, place) : undefined;
}

function parse(payload: string, place: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    throw notJson(place);
  }
}

function parseLong(payload: string, place: string): Promise<unknown> {
  const tooDeep = () => operationRefused('invalid_payload', place, `it is long and nests deeper than ${LONG_DEPTH}`);
  const limits = { depth: LONG_DEPTH, values: Number.POSITIVE_INFINITY, refusal: tooDeep };
  return parseJson(Buffer.from(payload), limits).catch(error => {
    throw error instanceof InvalidInputError && error.code === 'json_invalid' ? notJson(place) : error;
  });
}

function notJson(place: string): InvalidInputError {
  return operationRefused('invalid_payload', place, 'it is not JSON');
}
