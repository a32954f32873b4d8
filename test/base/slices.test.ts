import { expect, test } from 'vitest';
import { filterInSlices, firstInSlices, sortInSlices } from '../../src/base/slices.ts';

test.each([0, 1, 2, 999, 1000, 1001, 3500, 10_000])('%i items are sorted in slices as at once', async count => {
  const items = Array.from({ length: count }, (_, i) => ({ rank: (i * 7919) % 997, place: i }));
  const compare = (a: { rank: number }, b: { rank: number }) => a.rank - b.rank;
  const sorted = items.toSorted(compare);
  expect(await sortInSlices(items, compare)).toEqual(sorted);
  for (const first of [1, 30, 2000]) expect(await firstInSlices(items, compare, first)).toEqual(sorted.slice(0, first));
});

test('others have their turn while very many items are sorted', async () => {
  const items = Array.from({ length: 200_000 }, (_, i) => String((i * 7919) % 199_999));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  await sortInSlices(items, (a, b) => a.localeCompare(b));
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(2);
});

test('what fits is kept in its order', async () => {
  const numbers = Array.from({ length: 250 }, (_, i) => i);
  expect(await filterInSlices(numbers, number => number % 100 === 99)).toEqual([99, 199]);
  expect(await filterInSlices([], () => true)).toEqual([]);
});
