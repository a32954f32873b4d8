import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLines } from '../../../src/core/throttle/lines.ts';
import { outcomes, tally } from '../open-core.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a line tries at once, whenever it is woken, and ten times a second', async () => {
  const lines = createLines<string>();
  let tries = 0;
  const result = lines.wait('a', async () => (++tries === 4 ? 'done' : undefined));
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(1);
  lines.wake('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(2);
  lines.wake('another');
  await vi.advanceTimersByTimeAsync(99);
  expect(tries).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(tries).toBe(3);
  expect(lines.isEmpty('a')).toBe(false);
  lines.wake('a');
  expect(await result).toBe('done');
  await vi.advanceTimersByTimeAsync(0);
  expect(lines.isEmpty('a')).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('being woken during a try is not forgotten', async () => {
  const lines = createLines<string>();
  let tries = 0;
  const result = lines.wait('a', async () => {
    if (++tries === 2) return 'done';
    lines.wake('a');
    return undefined;
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(await result).toBe('done');
});

test('who came first is served first, and only he tries', async () => {
  const lines = createLines<number>();
  const served: number[] = [];
  let open = false;
  let tries = 0;
  const waits = [1, 2, 3].map(n =>
    lines
      .wait('a', async () => {
        tries++;
        return open ? n : undefined;
      })
      .then(result => served.push(result)),
  );
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(1);
  open = true;
  lines.wake('a');
  await Promise.all(waits);
  expect(served).toEqual([1, 2, 3]);
});

test('an error ends the wait of the whole line, not of others', async () => {
  const lines = createLines<string>();
  let broken = false;
  const attempt = async () => {
    if (broken) throw Object.assign(new Error(), { code: 'broken' });
    return undefined;
  };
  const waits = outcomes([1, 2, 3].map(() => lines.wait('a', attempt)));
  const other = lines.wait('b', async () => (broken ? 'fine' : undefined));
  await vi.advanceTimersByTimeAsync(0);
  broken = true;
  await vi.advanceTimersByTimeAsync(100);
  expect(await waits).toEqual(['broken', 'broken', 'broken']);
  expect(await other).toBe('fine');
});

test('nobody waits longer than half a minute', async () => {
  const lines = createLines<string>();
  const waits = outcomes([1, 2, 3].map(() => lines.wait('a', async () => undefined)));
  await vi.advanceTimersByTimeAsync(30_100);
  expect(await waits).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
  expect(lines.isEmpty('a')).toBe(true);
});

test('at most 100 wait in a line and 1000 in all', async () => {
  const lines = createLines<string>();
  const never = async () => undefined;
  const one = outcomes(Array.from({ length: 150 }, () => lines.wait('a', never)));
  const others = outcomes(Array.from({ length: 1000 }, (_, i) => lines.wait(`b${i % 10}`, never)));
  let settled = 0;
  lines.wait('c', never).catch(() => settled++);
  await vi.advanceTimersByTimeAsync(0);
  expect(settled).toBe(1);
  await vi.advanceTimersByTimeAsync(30_100);
  expect(tally([...(await one), ...(await others)])).toEqual({ rate_limited: 1150 });
  expect(await outcomes([lines.wait('c', async () => 'room again')])).toEqual(['ok']);
});
