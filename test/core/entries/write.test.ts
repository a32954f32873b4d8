import { expect, test } from 'vitest';
import { PreconditionFailedError } from '../../../src/base/errors.ts';
import { entriesSpec } from '../../../src/core/collections.ts';
import { getEntry, setEntry } from '../../../src/core/entries/entries.ts';
import { removeEntry, seenOf, writeEntry } from '../../../src/core/entries/write.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes, tally } from '../open-core.ts';

forEachEngine('entries as they were seen', engine => {
  test('an entry is made where there was none, and changed as it was seen', async () => {
    const { core, clock } = await openCore(engine);
    const made = await writeEntry(core, 'ann', 'k', { value: 'one' }, 'absent');
    expect(await getEntry(core, 'ann', 'k')).toMatchObject(made);
    clock.advance(1000);
    const expiresAt = new Date(clock.now() + 5000);
    const bytes = { value: new Uint8Array([1, 2, 3]), contentType: 'image/png', expiresAt };
    const changed = await writeEntry(core, 'ann', 'k', bytes, seenOf(made));
    expect(changed).toMatchObject({
      size: 3,
      encoding: 'bytes',
      content_type: 'image/png',
      created_at: made.created_at,
    });
    expect(await getEntry(core, 'ann', 'k')).toMatchObject({ etag: changed.etag, expires_at: expiresAt });
    const text = await writeEntry(core, 'ann', 'k', { value: 'two' }, seenOf(changed));
    expect(await getEntry(core, 'ann', 'k')).toMatchObject(text);
    await removeEntry(core, 'ann', 'k', { etag: text.etag ?? '' });
    expect(await outcomes([getEntry(core, 'ann', 'k')])).toEqual(['key_not_found']);
  });

  test('what others changed meanwhile stays as it is', async () => {
    const { core } = await openCore(engine);
    const seen = seenOf(await writeEntry(core, 'ann', 'k', { value: 1 }, 'absent'));
    await setEntry(core, 'ann', 'k', 2);
    const { etag } = await getEntry(core, 'ann', 'k');
    const error = await writeEntry(core, 'ann', 'k', { value: 3 }, seen).catch(e => e);
    expect(error).toBeInstanceOf(PreconditionFailedError);
    expect(error.etag).toBe(etag);
    const code = 'precondition_failed';
    const stale = { etag: 'stale' };
    expect(
      await outcomes([
        writeEntry(core, 'ann', 'k', { value: 3 }, 'absent'),
        writeEntry(core, 'ann', 'none', { value: 3 }, stale),
        removeEntry(core, 'ann', 'k', stale),
        removeEntry(core, 'ann', 'none', stale),
      ]),
    ).toEqual([code, code, code, code]);
    expect((await getEntry(core, 'ann', 'k')).value).toBe('2');
  });

  test('an entry of the original service is seen by its lack of an etag', async () => {
    const { core } = await openCore(engine);
    await core.storage.collection(entriesSpec).put({ user_id: 'ann', key: 'k', value: 'old' });
    const seen = seenOf(await getEntry(core, 'ann', 'k'));
    const writes = [1, 2].map(value => writeEntry(core, 'ann', 'k', { value }, seen));
    expect(tally(await outcomes(writes))).toEqual({ ok: 1, precondition_failed: 1 });
  });

  test('too long a value is refused, and so is one without room', async () => {
    const { core, settings } = await openCore(engine);
    settings.valueBytes = 4;
    settings.quota = { bytes: 3, keys: 10 };
    const codes = await outcomes([
      writeEntry(core, 'ann', 'k', { value: Buffer.from('12345') }, 'absent'),
      writeEntry(core, 'ann', 'k', { value: Buffer.from('1234') }, 'absent'),
    ]);
    expect(codes).toEqual(['request_too_large', 'quota_exceeded']);
  });
});
