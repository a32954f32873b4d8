import { expect, test } from 'vitest';
import { usageOf } from '../../../src/core/quotas/meters.ts';
import { forEachEngine } from '../../support/engines.ts';
import type { Answer } from '../../support/request.ts';
import { openServer } from '../../support/served.ts';
import { newOperation, pairedDevice, pull, push, ROOMY, upload } from './open-verstak.ts';

const FULL = [507, 'quota_exceeded'];
const told = ({ status, json }: Answer) => [status, json.code];

forEachEngine('operations of a full account', engine => {
  test('are refused as a whole push; what is there is told as before', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, LIMITS_ACCOUNT_KEYS: '3' } });
    const device = await pairedDevice(server);
    const first = newOperation();
    expect((await push(server, device, [first])).json.count).toBe(1);
    const refused = await push(server, device, [newOperation(), newOperation(), newOperation()], {
      idempotency_key: 'k',
    });
    expect([told(refused), refused.text.length < 500]).toEqual([FULL, true]);
    expect((await pull(server, device)).json.ops).toHaveLength(1);
    // A refused push does not use up its key.
    expect((await push(server, device, [newOperation()], { idempotency_key: 'k' })).json.count).toBe(1);
    expect(told(await push(server, device, [newOperation()]))).toEqual(FULL);
    expect((await push(server, device, [first])).json).toMatchObject({ count: 0, duplicates: [first.op_id] });
    expect((await push(server, device, [], { idempotency_key: 'k' })).json.count).toBe(1);
    const sibling = await pairedDevice(server, { account: device.account });
    expect(told(await push(server, sibling, [newOperation()]))).toEqual(FULL);
    expect((await push(server, await pairedDevice(server), [newOperation()])).status).toBe(200);
    expect((await upload(server, device, 'blobs have room of their own')).status).toBe(200);
  });

  test('count with the bytes of their texts, and answers that are kept for a day with theirs', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    const usage = () => usageOf(server.core, device.account.user_id);
    const operation = newOperation({ payload_json: '"ä"' });
    const { client_sequence: _, last_seen_server_seq: __, ...texts } = operation;
    const bytes = Buffer.byteLength(Object.values(texts).join(''));
    await push(server, device, [operation, operation]);
    await expect.poll(usage).toEqual({ bytes, keys: 1 });
    await push(server, device, [operation]);
    await expect.poll(usage).toEqual({ bytes, keys: 1 });
    const { text } = await push(server, device, [], { idempotency_key: 'k' });
    await expect.poll(usage).toEqual({ bytes: bytes + text.length, keys: 2 });
    const second = await pairedDevice(server, { account: device.account });
    await push(server, second, [operation]);
    await expect.poll(usage).toEqual({ bytes: 2 * bytes + text.length, keys: 3 });
  });
});
