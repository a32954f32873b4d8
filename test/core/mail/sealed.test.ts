import { expect, it } from 'vitest';
import { seal, unseal } from '../../../src/core/mail/sealed.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';

forEachEngine('a sealed text', engine => {
  it.each(['s3cret', '', 'пароль \u0000 🔑', 'x'.repeat(10_000)])('is read again by any process: %j', async text => {
    const { core, another, logged } = await openCore(engine);
    const sealed = await seal(core, text);
    expect(await unseal(another(), sealed)).toBe(text);
    expect(logged).toEqual([]);
  });

  it('does not show the text, and is another one each time', async () => {
    const { core } = await openCore(engine);
    const [one, two] = [await seal(core, 's3cret-s3cret'), await seal(core, 's3cret-s3cret')];
    expect(one).toMatch(/^v1\.[\w-]+$/);
    expect(Buffer.from(one.slice(3), 'base64url').includes('s3cret')).toBe(false);
    expect(one).not.toBe(two);
  });

  it('counts as none, with a line in the log, when a single character is another one or the form is unknown', async () => {
    const { core, logged } = await openCore(engine);
    const sealed = await seal(core, 's3cret');
    const broken = Array.from({ length: sealed.length - 3 }, (_, i) => {
      const at = i + 3;
      return sealed.slice(0, at) + (sealed[at] === 'A' ? 'Q' : 'A') + sealed.slice(at + 1);
    });
    const strange = ['', 's3cret', 'v1.', 'v1.AAAA', sealed.slice(0, -4), `v2${sealed.slice(2)}`, `${sealed}.x`];
    const all = [...broken, ...strange];
    for (const text of all) expect(await unseal(core, text), text).toBeUndefined();
    expect(logged).toEqual(Array(all.length).fill(expect.stringContaining('cannot be read and counts as none')));
  });

  it('is of no use to data with another key', async () => {
    const [one, two] = [await openCore(engine), await openCore(engine)];
    const sealed = await seal(one.core, 's3cret');
    expect(await unseal(two.core, sealed)).toBeUndefined();
  });

  it('that cannot be made or read now, because the storage is away, is an error and not a missing text', async () => {
    const { core } = await openCore(engine);
    const sealed = await seal(core, 's3cret');
    await core.storage.close();
    for (const call of [seal(core, 'x'), unseal(core, sealed)]) {
      await expect(call).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });
});
