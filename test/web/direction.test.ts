import { expect, it } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { translator } from '../../src/web/i18n/messages.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, sharedServer } from '../support/served.ts';
import { newAdminGuest, ROOMY } from './people.ts';

const t = translator('en');
const remove = (name: string) => t('members.removeNamed', { name });

it('a name that runs from right to left, or turns the direction, keeps that to itself in a sentence', () => {
  expect(remove('\u05d0\u05d1')).toBe('Remove \u2068\u05d0\u05d1\u2069');
  expect(remove('\u202eann')).toBe('Remove \u2068ann\u2069');
  // One that would end the marks around it early, or leave some open.
  expect(remove('a\u2069\u202eb\u2067')).toBe('Remove \u2068ab\u2069');
});

it('other names stand in a sentence as they are', () => {
  for (const name of ['ann', 'Аня', 'ænn ß 日本 🙂', '']) expect(remove(name)).toBe(`Remove ${name}`);
});

forEachEngine('pages', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('keep the direction of a name away from what stands beside it, in the title too', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const username = `${newName()}\u202e`;
    const { user_id } = await createAccount(server.core, { username });
    const { text } = await admin.visit(`/admin/user/?id=${user_id}`);
    expect(text).toContain(`<h1><bdi>${username}</bdi> <span`);
    expect(text).toContain(`<title>\u2068${username.slice(0, -1)}\u2069 · Keybin</title>`);
  });
});
