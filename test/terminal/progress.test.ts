import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Progress, showProgress } from '../../src/terminal/progress.ts';

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

/** Shows progress on a stream; `said()` is all that was written to it. */
function shown(isTTY: boolean, total?: number): { progress: Progress; said: () => string } {
  const output = Object.assign(new PassThrough(), { isTTY, columns: 120, rows: 24 });
  let text = '';
  output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { progress: showProgress({ label: 'copying', unit: 'documents', total }, output), said: () => text };
}

describe('progress', () => {
  it('is a line every ten seconds where no terminal listens: done, of how many, rate and time left', async () => {
    const { progress, said } = shown(false, 4_000);
    progress.advance(1_000);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(said()).toBe('');
    await vi.advanceTimersByTimeAsync(1);
    expect(said()).toBe('copying: 1,000 of 4,000 documents, 100/s, 30 s left\n');
    progress.advance(1_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said().split('\n')[1]).toBe('copying: 2,000 of 4,000 documents, 100/s, 20 s left');
    progress.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said().split('\n')).toHaveLength(3);
  });

  it('tells no end where none is known', async () => {
    const { progress, said } = shown(false);
    progress.advance(50);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said()).toBe('copying: 50 documents, 5/s\n');
    progress.end();
  });

  it('is a bar on a terminal, which leaves nothing behind, and nothing at all for work of less than a second', async () => {
    const short = shown(true, 10);
    await vi.advanceTimersByTimeAsync(900);
    short.progress.end();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(short.said()).toBe('');

    const long = shown(true, 10);
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.dynamicImportSettled();
    long.progress.advance(5);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(long.said()).toContain('##########----------');
    expect(long.said()).toContain('copying: 5 of 10 documents');
    long.progress.end();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence of a terminal that takes a line away
    expect(long.said()).toMatch(/\u001b\[(?:0|2)?K[^#]*$/);
  });
});
