import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import { describeError } from '../../src/process/describe-error.ts';
import { createLog } from '../../src/process/output.ts';
import { loadEnvironment } from '../config/load-text.ts';

const SECRET = 'token-that-nobody-may-read';

test('a line tells of an error its type, message, stack and code, and not what it was about', () => {
  const error = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: SECRET });
  const told = describeError(error);
  expect(told).toEqual({
    type: 'TypeError',
    message: 'Invalid URL',
    stack: expect.stringContaining('output.test.ts'),
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

/** What a terminal shows of a line. */
async function shown(fields: object, message: string, environment = {}): Promise<string> {
  const terminal = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true });
  const { log } = await createLog((await loadEnvironment(environment)).config, terminal);
  const line = new Promise<string>(resolve => terminal.once('data', resolve));
  log.info(fields, message);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  return (await line).replace(/\u001b\[\d+m/g, '').trimEnd();
}

test('a terminal shows the date of a line, and nothing twice', async () => {
  const [version, url] = ['0.1.0', 'http://127.0.0.1:5000'];
  const line = await shown({ version, url }, `keybin ${version} listens on ${url}`, { KEYBIN_APP_WORKERS: '2' });
  expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: keybin 0\.1\.0 listens on http:\S+$/);
  expect(await shown({ status: 200, route: '/livez' }, 'request')).toContain('request {"status":200,"route":"/livez"}');
});
