import type { CollectionSpec } from '../../storage/port.ts';

/** An operation of a vault's log: the text that devices get, and beside it what is searched. */
export interface OperationDoc {
  /** See `sync/texts.ts`; first, so that documents need no copy to begin with it. */
  json: string;
  user_id: string;
  vault: string;
  /** From 1 on, without holes. */
  sequence: number;
  /** SHA-256 of `op_id`, which may be any text. */
  op_hash: string;
  /** SHA-256 of entity type and id. */
  entity: string;
  /** Names the request that stored it: a request that is tried again tells its own operations from those of others. */
  batch: string;
  device_id: string;
  op_id: string;
  op_type: string;
  client_sequence: number;
  last_seen_server_seq: number;
  received_at: Date;
}

/** The answer to a push with an idempotency key: the key's SHA-256 and the JSON text that was sent. */
export interface PushDoc {
  user_id: string;
  vault: string;
  key_hash: string;
  answer: string;
  /** Bytes of it. */
  size?: number;
  expires_at: Date;
}

export const operationsSpec: CollectionSpec<OperationDoc> = {
  name: 'verstak_operations',
  // A log is written at its end: only the two indexes take what is new anywhere.
  key: ['user_id', 'vault', 'sequence'],
  indexes: [
    { name: 'ids', fields: ['user_id', 'vault', 'op_hash'], unique: true },
    {
      name: 'entity',
      fields: ['user_id', 'vault', 'entity', 'sequence'],
      include: ['op_id', 'device_id', 'op_type'],
    },
  ],
  owner: 'user_id',
  text: 'json',
};

export const pushesSpec: CollectionSpec<PushDoc> = {
  name: 'verstak_pushes',
  key: ['user_id', 'vault', 'key_hash'],
  indexes: [{ name: 'size', fields: ['user_id', 'vault', 'key_hash'], include: ['size'] }],
  expires: 'expires_at',
  owner: 'user_id',
  charge: { index: 'size', bytes: 'size' },
};
