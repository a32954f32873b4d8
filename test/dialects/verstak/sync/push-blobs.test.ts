import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import {
  type Device,
  demand,
  newOperation,
  type Operation,
  pairedDevice,
  pull,
  push,
  ROOMY,
  upload,
} from '../open-verstak.ts';
import { newOperations, pushed, readLog, refusalOf } from './log-client.ts';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');
const NONE = '0'.repeat(64);

/** An operation on a file with this payload. */
function onFile(payload: unknown): Operation {
  const payload_json = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return newOperation({ entity_type: 'file', payload_json });
}

forEachEngine('an operation on a file', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  async function expectRefused(device: Device, operation: Operation, code: string): Promise<void> {
    const answer = await push(served.server, device, [newOperation(), operation]);
    expect([operation.payload_json, ...refusalOf(answer)]).toEqual([operation.payload_json, 400, code]);
    expect(answer.json.error).toMatch(/^ops\[1\]\.payload_json/);
  }

  test('refers to contents that were uploaded in its vault', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    for (const content of ['one', 'two', '']) demand(await upload(server, desk, content), 200);
    const ops = ['one', 'two', '', 'one'].map(content =>
      onFile({ path: 'a', blob: { sha256: sha256(content), size: content.length, more: null } }),
    );
    for (const device of [desk, lap]) {
      const fresh = ops.map(({ payload_json }) => onFile(payload_json));
      expect((await pushed(server, device, fresh)).count).toBe(4);
    }
    expect(await readLog(server, lap)).toHaveLength(8);
  });

  test.each(['', '{}', '{"blob":null}', '{"a":{"dataBase64":"x","blob":7}}', '{"database64":"x"}'])(
    'may have the payload %j, which refers to none',
    async payload => {
      const { server } = served;
      expect((await pushed(server, await pairedDevice(server), [onFile(payload)])).count).toBe(1);
    },
  );

  test('is refused when its payload is no object', async () => {
    const desk = await pairedDevice(served.server);
    for (const payload of ['null', '[]', '"text"', '7', 'true', '[{"blob":null}]']) {
      await expectRefused(desk, onFile(payload), 'invalid_payload');
    }
  });

  test('is refused when it carries the content itself', async () => {
    const desk = await pairedDevice(served.server);
    for (const payload of ['{"dataBase64":"AAAA"}', '{"dataBase64":null}', '{"dataBase64":"","blob":7}']) {
      await expectRefused(desk, onFile(payload), 'inline_binary_forbidden');
    }
  });

  test('is refused when its reference is malformed, or of another size than the upload', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    demand(await upload(server, desk, 'one'), 200);
    const hash = sha256('one');
    const wrong = [
      7,
      'text',
      true,
      [],
      [{ sha256: hash, size: 3 }],
      {},
      { sha256: hash },
      { size: 3 },
      { sha256: hash, size: null },
      { sha256: hash, size: '3' },
      { sha256: hash, size: 3.5 },
      { sha256: hash, size: -3 },
      { sha256: hash, size: 2 ** 53 },
      { sha256: hash.toUpperCase(), size: 3 },
      { sha256: `${hash}0`, size: 3 },
      { sha256: hash.slice(1), size: 3 },
      { sha256: ` ${hash.slice(1)}`, size: 3 },
      { sha256: `${hash}\n`, size: 3 },
      { sha256: [hash], size: 3 },
      { sha256: hash, size: 2 },
      { sha256: hash, size: 0 },
    ];
    for (const blob of wrong) await expectRefused(desk, onFile({ blob }), 'invalid_blob_reference');
    expect((await pull(server, desk)).json.server_sequence).toBe(0);
  });

  test('is refused when the content was not uploaded in its vault, whoever else has it', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const sameAccount = await pairedDevice(server, { account: desk.account });
    const sameName = await pairedDevice(server, { vault: desk.vault });
    for (const device of [sameAccount, sameName]) demand(await upload(server, device, 'theirs'), 200);
    const theirs = { sha256: sha256('theirs'), size: 6 };
    await expectRefused(desk, onFile({ blob: theirs }), 'blob_not_owned');
    await expectRefused(desk, onFile({ blob: { sha256: NONE, size: 0 } }), 'blob_not_owned');
    const answers = await Promise.all(
      [theirs, { sha256: NONE, size: 6 }].map(async blob => (await push(server, desk, [onFile({ blob })])).text),
    );
    expect(answers[0]).toBe(answers[1]);
    demand(await upload(server, desk, 'theirs'), 200);
    expect((await pushed(server, desk, [onFile({ blob: theirs })])).count).toBe(1);
  });

  test('leaves nothing behind when another in the batch is refused', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    demand(await upload(server, desk, 'one'), 200);
    const good = onFile({ blob: { sha256: sha256('one'), size: 3 } });
    const bad = onFile({ blob: { sha256: NONE, size: 3 } });
    for (const ops of [
      [good, bad],
      [bad, good],
      [...newOperations(2), bad],
    ]) {
      expect(refusalOf(await push(server, desk, ops, { idempotency_key: 'key' }))).toEqual([400, 'blob_not_owned']);
    }
    expect((await pull(server, desk)).json.server_sequence).toBe(0);
    expect((await pushed(server, desk, [good], { idempotency_key: 'key' })).count).toBe(1);
  });

  test.each(['note', 'File', 'file ', 'folder'])(
    'is none when its type is %j: then it carries anything',
    async entity_type => {
      const { server } = served;
      const desk = await pairedDevice(server);
      const payloads = [
        '{"dataBase64":"AAAA"}',
        '{"blob":{"sha256":"x"}}',
        `{"blob":{"sha256":"${NONE}","size":1}}`,
        '[]',
      ];
      const ops = payloads.map(payload_json => newOperation({ entity_type, payload_json }));
      expect((await pushed(server, desk, ops)).count).toBe(4);
    },
  );
});
