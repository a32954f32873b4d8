import { expect, it } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { createBackground } from '../../src/core/background.ts';

function background() {
  const errors: { fields: object; message: string }[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => void errors.push({ fields, message }),
  };
  return { ...createBackground(log), errors };
}

/** Work that ends when it is told to. */
function pending() {
  let end = () => {};
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  return { end, work: () => ended };
}

it('begins after what the caller does next', async () => {
  const { run, idle } = background();
  const done: string[] = [];
  run(async () => void done.push('work'));
  await Promise.resolve();
  done.push('answer');
  await idle();
  expect(done).toEqual(['answer', 'work']);
});

it('is idle when everything has ended, what was begun meanwhile included', async () => {
  const { run, idle } = background();
  const [first, second] = [pending(), pending()];
  const done: string[] = [];
  run(async () => {
    await first.work();
    run(async () => {
      await second.work();
      done.push('second');
    });
    done.push('first');
  });
  const waited = idle().then(() => done.push('idle'));
  first.end();
  second.end();
  await waited;
  expect(done).toEqual(['first', 'second', 'idle']);
});

it('is idle at once when nothing runs', async () => {
  await background().idle();
});

it('logs what work throws, and goes on', async () => {
  const { run, idle, errors } = background();
  const error = new Error('broken');
  run(() => {
    throw error;
  });
  run(() => Promise.reject(error));
  let done = false;
  run(async () => {
    done = true;
  });
  await idle();
  expect(done).toBe(true);
  expect(errors).toEqual(Array(2).fill({ fields: { err: error }, message: 'work in the background failed' }));
});
