import { describe, expect, test } from 'vitest';
import {
  checkClientId,
  checkKey,
  checkKeyPrefix,
  checkPassword,
  checkUsername,
  checkUuid,
  checkV2Key,
  checkV2PathKey,
  checkV2Prefix,
} from '../../src/base/names.ts';

const LONE = '\ud800';
const ASTRAL = '\u{1f511}';

function accepts(check: (text: string) => void, text: string): boolean {
  try {
    check(text);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ status: 400, code: expect.stringMatching(/_invalid$/) });
    return false;
  }
}

describe('a username', () => {
  test.each(['a', ' a ', 'Ünï', 'a'.repeat(128), ASTRAL.repeat(128), '$gt', '__proto__'])('may be %j', name => {
    expect(accepts(checkUsername, name)).toBe(true);
  });
  test.each(['', 'a'.repeat(129), ASTRAL.repeat(129), 'a\0', 'a\n', '\x7f', '\x85', LONE, `a${LONE}b`])(
    'may not be %j',
    name => {
      expect(accepts(checkUsername, name)).toBe(false);
    },
  );
});

describe('a password', () => {
  test.each(['a', '\0', '\n', 'a'.repeat(1024), 'é'.repeat(512)])('may be %j', password => {
    expect(accepts(checkPassword, password)).toBe(true);
  });
  test.each(['', 'a'.repeat(1025), 'é'.repeat(513), LONE])('may not be %j', password => {
    expect(accepts(checkPassword, password)).toBe(false);
  });
});

describe('a uuid', () => {
  test.each(['a', ' ', 'newuser123', '/', '__proto__', 'a'.repeat(255), 'é'.repeat(127)])('may be %j', uuid => {
    expect(accepts(checkUuid, uuid)).toBe(true);
  });
  test.each(['', 'a'.repeat(256), 'é'.repeat(128), 'a\0', '\n', '\x7f', '\x85', LONE])('may not be %j', uuid => {
    expect(accepts(checkUuid, uuid)).toBe(false);
  });
});

describe('a client id', () => {
  test.each(['a', '\0', '\n', ASTRAL.repeat(128)])('may be %j', id => {
    expect(accepts(checkClientId, id)).toBe(true);
  });
  test.each(['', 'a'.repeat(129), ASTRAL.repeat(129), LONE])('may not be %j', id => {
    expect(accepts(checkClientId, id)).toBe(false);
  });
});

describe('a key', () => {
  test.each(['a', '.', '..', ',', '_', 'A.b,C_9', 'a'.repeat(1024), '__proto__'])('may be %j', key => {
    expect(accepts(checkKey, key)).toBe(true);
  });
  test.each(['', 'a'.repeat(1025), 'a\n', '\na', 'a b', 'a/b', 'é', 'a-b', 'a\0', '$'])('may not be %j', key => {
    expect(accepts(checkKey, key)).toBe(false);
  });
  test('may begin with nothing, but not with other characters', () => {
    expect(['', 'a', 'a'.repeat(1024)].map(prefix => accepts(checkKeyPrefix, prefix))).toEqual([true, true, true]);
    expect(['a'.repeat(1025), 'a\n', '-'].map(prefix => accepts(checkKeyPrefix, prefix))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a key of v2', () => {
  test.each(['a', 'a/b', 'A-Z:@~+=,._9', '...', 'a/.b', 'a..', 'a'.repeat(1024)])('may be %j', key => {
    expect([accepts(checkV2PathKey, key), accepts(checkV2Key, key)]).toEqual([true, true]);
  });
  test.each(['', '/', 'a/', '/a', 'a//b', 'a/./b', '../a', 'a b', 'a%', 'é', 'a?', 'a\0', 'a'.repeat(1025)])(
    'may not be %j',
    key => {
      expect([accepts(checkV2PathKey, key), accepts(checkV2Key, key)]).toEqual([false, false]);
    },
  );
  test.each(['.', '..'])('may be %j, which no path can name', key => {
    expect([accepts(checkV2PathKey, key), accepts(checkV2Key, key)]).toEqual([false, true]);
  });
  test('may begin with nothing, or with a folder', () => {
    expect(['', 'a/', '/', 'a b'].map(prefix => accepts(checkV2Prefix, prefix))).toEqual([true, true, true, false]);
  });
});
