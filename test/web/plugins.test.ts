import { expect, it } from 'vitest';
import type { Hooks } from '../../src/core/plugins/hooks.ts';
import { refuse } from '../../src/plugin/index.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import { newGuest, ROOMY } from './people.ts';

forEachEngine('a plugin at the pages', engine => {
  async function guestWith(...all: Hooks[]) {
    const plugins = Object.fromEntries(all.map((hooks, i) => [`plugin${i}`, hooks]));
    const { server } = await openServer(engine, { plugins, options: ROOMY });
    return newGuest(server);
  }
  const value = { kind: 'text', value: 'x' };

  it('may store a value under another key: that is the one that is shown', async () => {
    const guest = await guestWith({ filter: { 'entries.set': ({ key }) => ({ key: `moved.${key}` }) } });
    await guest.visit('/data/new');
    const saved = await guest.submit('/data/new', { key: 'a', ...value });
    expect([saved.status, saved.location]).toEqual([303, '/data/entry?key=moved.a&done=value_saved']);
    expect((await guest.visit(saved.location ?? '')).status).toBe(200);
    await guest.visit('/data/upload');
    const sent = await guest.upload('/data/upload', { name: 'b', content: Buffer.from('x') });
    expect([sent.status, sent.location]).toEqual([303, '/data/entry?key=moved.b&done=value_saved']);
  });

  it('says itself why it refuses, escaped, whatever its code is, and nothing is done', async () => {
    const no = () => refuse('not <this> one', { code: 'key_invalid' });
    let closed = false;
    const guest = await guestWith({
      filter: { 'entries.set': () => (closed ? no() : undefined), 'entries.delete': no, 'punches.upload': no },
    });
    await guest.visit('/data/new');
    expect((await guest.submit('/data/new', { key: 'a', ...value })).status).toBe(303);
    await guest.visit('/data/delete?key=a');
    const kept = await guest.submit('/data/delete');
    expect(kept.status).toBe(422);
    expect(kept.text).toContain('not &lt;this&gt; one');
    expect((await guest.visit('/data/entry?key=a')).status).toBe(200);
    closed = true;
    await guest.visit('/data/new');
    const refused = await guest.submit('/data/new', { key: 'b', ...value });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('not &lt;this&gt; one');
    expect((await guest.visit('/data/entry?key=b')).status).toBe(404);
  });

  it('is named in the log when the next one cannot be given what it gave back', async () => {
    const guest = await guestWith(
      { filter: { 'entries.set': () => ({ value: () => 1 }) } },
      { filter: { 'entries.set': () => undefined } },
    );
    await guest.visit('/data/new');
    const failed = await guest.submit('/data/new', { key: 'a', ...value });
    expect(failed.status).toBe(500);
    expect(failed.text).toContain('plugin_failed');
  });
});
