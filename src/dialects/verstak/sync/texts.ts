/** An operation as the text that every device gets: it is made once, when the operation is stored. */

import type { SentOperation } from './operations.ts';

/** The JSON of an operation under its number, which it begins with. The payload is in it as it was sent, a text in the text. */
export function textOf(sent: SentOperation, deviceId: string, sequence: number): string {
  const { op_id, entity_type, entity_id, op_type, payload_json, created_at } = sent;
  const server_sequence = sequence;
  const device_id = deviceId;
  return JSON.stringify({
    server_sequence,
    op_id,
    device_id,
    entity_type,
    entity_id,
    op_type,
    payload_json,
    created_at,
  });
}

/** The number in such a text. */
export function sequenceOf(text: string): number {
  return Number.parseInt(text.slice('{"server_sequence":'.length), 10);
}
