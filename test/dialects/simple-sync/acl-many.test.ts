import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';
import { newAdmin, newEvent, newMember, push, setRules } from './open-simple-sync.ts';

forEachEngine('of very many rules', engine => {
  test('the first that fits decides, whatever the others are', async () => {
    const { server } = await openServer(engine);
    const [admin, ann] = [await newAdmin(server), await newMember(server)];
    const fits = (pattern: string, text: string) =>
      pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
    // The same in every run: all patterns up to two letters, in an order that leaves each some to be first for.
    const patterns = ['aa', 'ab', 'ba', 'b', 'a', 'bb', 'aa*', 'ab*', 'b*', 'a*', '*'];
    const users = [ann.uuid, `${ann.uuid.slice(0, 4)}*`, 'somebody', '*'];
    const all = users.flatMap(user => patterns.flatMap(item => patterns.map(action => ({ user, item, action }))));
    const place = (i: number) => (i * 211) % all.length;
    const rules = all
      .map((rule, i) => ({ ...rule, place: place(i), allow: i % 3 !== 0 }))
      .sort((a, b) => a.place - b.place);
    const lines = rules.map(({ user, item, action, allow }) => `${user}/${item}/${action} ${allow ? '+' : '-'}`);
    await setRules(server, admin, lines);
    const texts = ['a', 'b', 'c', 'aa', 'ab', 'ba', 'aab', 'abc', 'bcd', 'A'];
    const statuses = new Set<number>();
    for (const itemUuid of texts) {
      for (const action of texts) {
        const first = rules.find(
          rule => fits(rule.user, ann.uuid) && fits(rule.item, itemUuid) && fits(rule.action, action),
        );
        const { status } = await push(server, ann, [newEvent(server, { itemUuid, action })]);
        expect(status, `${itemUuid} ${action}`).toBe(first?.allow ? 200 : 403);
        statuses.add(status);
      }
    }
    expect(statuses.size).toBe(2);
  });
});
