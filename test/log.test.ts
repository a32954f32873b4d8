import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../src/errors.ts';
import { describeError } from '../src/log.ts';

const SECRET = 'token-that-nobody-may-read';

test('a line tells of an error its type, message, stack and code, and not what it was about', () => {
  const error = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: SECRET });
  const told = describeError(error);
  expect(told).toEqual({
    type: 'TypeError',
    message: 'Invalid URL',
    stack: expect.stringContaining('log.test.ts'),
    code: 'ERR_INVALID_URL',
  });
  expect(JSON.stringify(told)).not.toContain(SECRET);
});

test('the causes of an error are told, without what they were about either', () => {
  const cause = Object.assign(new Error('connection lost'), { code: 'ECONNRESET', document: { value: SECRET } });
  const told = describeError(new StorageUnavailableError('no answer', { cause, details: { value: SECRET } }));
  expect(told).toMatchObject({ message: 'no answer: connection lost', code: 'storage_unavailable' });
  expect(told).toMatchObject({ stack: expect.stringMatching(/no answer[\s\S]*caused by: Error: connection lost/) });
  expect(JSON.stringify(told)).not.toContain(SECRET);
});

test('whatever else was thrown is told by its kind', () => {
  expect(describeError({ message: SECRET, value: SECRET })).toBe('object');
  expect(describeError(undefined)).toBe('undefined');
  expect(describeError('a sentence')).toBe('a sentence');
});
