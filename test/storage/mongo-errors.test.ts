import { MongoServerError } from 'mongodb';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import { toStorageError } from '../../src/storage/mongo/errors.ts';

test.each([40280, 8000, 61, 96, 999_999, 'a word'])(
  'code %j of a server, which nobody has met, is a storage that cannot be used, with its words as the cause',
  code => {
    const error = new MongoServerError({ message: 'something new', code });
    expect(toStorageError(error)).toBeInstanceOf(StorageUnavailableError);
    expect(toStorageError(error)).toMatchObject({ status: 503, cause: error });
  },
);

test('a mistake of the program stays what it is', () => {
  const bug = new TypeError('x is not a function');
  expect(toStorageError(bug)).toBe(bug);
});
