import { expect, test } from 'vitest';
import { canEnd } from '../../src/base/ending.ts';
import { inTurn } from '../../src/storage/embedded/in-turn.ts';

test('a process can end when nobody has the write lock of a folder, or waits for it', async () => {
  expect(await canEnd()).toBe(true);
  const done: string[] = [];
  const releases: (() => void)[] = [];
  const write = (name: string) =>
    inTurn('a folder', () => new Promise<void>(resolve => releases.push(resolve))).then(() => done.push(name));
  const writes = [write('first'), write('second')];
  const end = canEnd().then(is => done.push(`end ${is}`));
  await new Promise(setImmediate);
  expect(done).toEqual([]);
  releases[0]?.();
  await writes[0];
  await new Promise(setImmediate);
  releases[1]?.();
  await Promise.all([...writes, end]);
  expect(done).toEqual(['first', 'second', 'end true']);
});
