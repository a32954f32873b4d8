import { expect, it } from 'vitest';
import { translator } from '../../src/web/i18n/messages.ts';

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
