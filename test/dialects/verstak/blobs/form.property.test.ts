import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { pairedDevice, ROOMY } from '../open-verstak.ts';
import { BOUNDARY, formOf, PART, sendForm, sha256 } from './form.ts';

const DELIMITER = `\r\n--${BOUNDARY}`;

/** What a parser may stumble over, and other things. */
const morsel = fc.oneof(
  fc.constantFrom('\r', '\n', '-', '--', '\r\n', '\r\n\r\n', '\r\n--', BOUNDARY, `--${BOUNDARY}`, '\0', 'x'),
  fc.nat(DELIMITER.length).map(length => DELIMITER.slice(0, length)),
  fc.nat(40_000).map(length => '\r\n--'.repeat(length / 4)),
  fc.uint8Array({ maxLength: 50 }).map(bytes => Buffer.from(bytes).toString('latin1')),
);

/** A content that does not hold the boundary itself. */
const content = fc
  .array(morsel, { maxLength: 12 })
  .map(morsels => `x${morsels.join('')}`.replaceAll(DELIMITER, ''))
  .filter(text => !text.includes(DELIMITER));

/** Parts of forms in any order. */
const rubbish = fc
  .array(
    fc.oneof(
      morsel,
      fc.constantFrom(`${PART}\r\n\r\n`, DELIMITER, `${DELIMITER}\r\n`, `${DELIMITER}--`, `${DELIMITER}--\r\n`),
      fc.constantFrom(
        ': ;=\r\n',
        'Content-Disposition: ;;\r\n\r\n',
        "Content-Disposition: form-data; name*=x'y'%zz; filename\r\n\r\n",
        'Content-Disposition: form-data; name=file; filename=x\r\n\r\n',
        'Content-Type: ;a;b=;charset\r\n',
      ),
    ),
    { maxLength: 16 },
  )
  .map(morsels => `--${BOUNDARY}\r\n${morsels.join('')}`);

/** Where the network cuts. */
const lengths = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 10 }),
  fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 10 }),
);

function pieces(bytes: Buffer, parts: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  let at = 0;
  for (const length of parts) {
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...cut, bytes.subarray(at)].filter(piece => piece.length > 0);
}

forEachEngine('an upload of anything', engine => {
  const numRuns = engine.name === 'embedded' ? 400 : 40;

  test('comes out as it went in, wherever it is cut', { timeout: 120_000 }, async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    await fc.assert(
      fc.asyncProperty(content, lengths, async (text, parts) => {
        const bytes = Buffer.from(text, 'latin1');
        const { status, json } = await sendForm(server, device, pieces(formOf(bytes), parts));
        expect([status, json]).toEqual([200, { sha256: sha256(bytes), size: bytes.length }]);
      }),
      { numRuns },
    );
  });

  test('cut off anywhere is refused, and leaves nothing', { timeout: 120_000 }, async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    await fc.assert(
      fc.asyncProperty(content, lengths, fc.nat(), async (text, parts, where) => {
        const form = formOf(Buffer.from(text, 'latin1'));
        const whole = form.length - '--\r\n'.length;
        const answer = await sendForm(server, device, pieces(form.subarray(0, 1 + (where % whole)), parts));
        expect([answer.status, answer.json.code]).toEqual([400, 'invalid_multipart']);
      }),
      { numRuns },
    );
    expect((await server.core.storage.blobs.list()).items).toEqual([]);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test('that is rubbish is answered with 200 or 400, never with anything else', { timeout: 120_000 }, async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(rubbish, lengths, async (text, parts) => {
        const answer = await sendForm(server, device, pieces(Buffer.from(text, 'latin1'), parts));
        seen.add(answer.status);
        if (answer.status !== 200) expect([answer.status, answer.json.code]).toEqual([400, 'invalid_multipart']);
      }),
      { numRuns },
    );
    expect(seen).toContain(400);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });
});
