import { expect, it, vi } from 'vitest';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import { createTurns } from '../../src/core/turns.ts';

/** Work that lasts until it is told to end. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open, opened };
}

it('work of one name is done one after another, in the order of the calls, whatever becomes of it', async () => {
  const turns = createTurns();
  const done: string[] = [];
  const first = gate();
  const one = turns.take('a', async () => {
    await first.opened;
    done.push('one');
    throw new Error('one failed');
  });
  const two = turns.take('a', async () => done.push('two'));
  const three = turns.take('a', async () => done.push('three'));
  first.open();
  await expect(one).rejects.toThrow('one failed');
  expect(await Promise.all([two, three])).toEqual([2, 3]);
  expect(done).toEqual(['one', 'two', 'three']);
});

it('work of another name does not wait', async () => {
  const turns = createTurns();
  const first = gate();
  const one = turns.take('a', () => first.opened);
  expect(await turns.take('b', async () => 'at once')).toBe('at once');
  first.open();
  await one;
});

it('no more than a hundred wait, and a place that comes free can be taken', async () => {
  const turns = createTurns();
  const first = gate();
  const all = Array.from({ length: 101 }, () => turns.take('a', () => first.opened));
  await expect(turns.take('a', async () => {})).rejects.toBeInstanceOf(StorageUnavailableError);
  first.open();
  await Promise.all(all);
  expect(await turns.take('a', async () => 'done')).toBe('done');
});

it('a turn that comes after more than 30 s is not taken', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const turns = createTurns();
    const [begun, first] = [gate(), gate()];
    const one = turns.take('a', () => {
      begun.open();
      return first.opened;
    });
    await begun.opened;
    const late = expect(turns.take('a', async () => 'done')).rejects.toBeInstanceOf(StorageUnavailableError);
    vi.advanceTimersByTime(30_001);
    first.open();
    await Promise.all([one, late]);
  } finally {
    vi.useRealTimers();
  }
});
