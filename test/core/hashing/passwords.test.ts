import { hashSync } from 'bcryptjs';
import { afterAll, describe, expect, test } from 'vitest';
import { createPasswords } from '../../../src/core/hashing/passwords.ts';

const passwords = createPasswords({ cost: 4, threads: 1 });
afterAll(() => passwords.close());

describe('hash', () => {
  test('of up to 72 bytes is plain bcrypt of the given cost', async () => {
    for (const password of ['s3cret', 'é'.repeat(36)]) {
      const hash = await passwords.hash(password);
      expect(hash).toMatch(/^\$2b\$04\$[./A-Za-z0-9]{53}$/);
      expect(hashSync(password, hash)).toBe(hash);
      expect(await passwords.verify(password, hash)).toBe(true);
    }
  });

  test('of the same password is another each time', async () => {
    expect(await passwords.hash('a')).not.toBe(await passwords.hash('a'));
  });

  test('of more than 72 bytes cuts nothing off', async () => {
    const long = 'a'.repeat(73);
    const hash = await passwords.hash(long);
    expect(hash).toMatch(/^sha256:\$2b\$04\$/);
    expect(await passwords.verify(long, hash)).toBe(true);
    expect(await passwords.verify('a'.repeat(72), hash)).toBe(false);
    expect(await passwords.verify('a'.repeat(74), hash)).toBe(false);
  });

  test('is not fooled by U+0000', async () => {
    const zero = await passwords.hash('a\0b');
    expect(await passwords.verify('a\0b', zero)).toBe(true);
    for (const other of ['a', 'a\0', 'a\0c', 'a\0b\0a\0b']) expect(await passwords.verify(other, zero)).toBe(false);
    const plain = await passwords.hash('a');
    for (const other of ['a\0', 'a\0a', 'a\0a\0a']) expect(await passwords.verify(other, plain)).toBe(false);
  });
});

describe('verify', () => {
  test.each(['a', 'b', 'y'])('knows $2%s$ hashes', async minor => {
    const hash = `$2${minor}${hashSync('s3cret', 4).slice(3)}`;
    expect(await passwords.verify('s3cret', hash)).toBe(true);
    expect(await passwords.verify('s3creT', hash)).toBe(false);
  });

  test('knows a hash that another program made', async () => {
    // Python: bcrypt.hashpw(b'U*U', b'$2a$05$CCCCCCCCCCCCCCCCCCCCC.')
    const hash = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    expect(await passwords.verify('U*U', hash)).toBe(true);
    expect(await passwords.verify('U*V', hash)).toBe(false);
  });

  test('feeds an unmarked hash the password as bcrypt does: its first 72 bytes', async () => {
    const long = 'é'.repeat(50);
    expect(await passwords.verify(long, hashSync(long, 4))).toBe(true);
    expect(await passwords.verify(`${'é'.repeat(36)}x`, hashSync(long, 4))).toBe(true);
    expect(await passwords.verify('é'.repeat(35), hashSync(long, 4))).toBe(false);
  });

  test('opens an unmarked hash of a password with U+0000 inside', async () => {
    expect(await passwords.verify('a\0b', hashSync('a\0b', 4))).toBe(true);
    expect(await passwords.verify('a\0c', hashSync('a\0b', 4))).toBe(false);
  });

  test.each([
    '',
    'x',
    '$2b$',
    '$2b$04$',
    `$2b$03$${'a'.repeat(53)}`,
    `$2b$99$${'a'.repeat(53)}`,
    `$2x$04$${'a'.repeat(53)}`,
  ])('is false, without an error, for the malformed hash %j', async hash => {
    expect(await passwords.verify('a', hash)).toBe(false);
    expect(await passwords.verify('a', `sha256:${hash}`)).toBe(false);
  });

  test.each([
    { stored: 9, who: 'somebody' },
    { stored: 7, who: 'somebody whose hash is cheaper than new ones' },
    { stored: 10, who: 'somebody whose hash is dearer than new ones' },
  ])('takes as long for nobody as for $who', async ({ stored }) => {
    const slow = createPasswords({ cost: 9, threads: 1 });
    const hash = hashSync('a', stored);
    const times = { somebody: Number.POSITIVE_INFINITY, nobody: Number.POSITIVE_INFINITY };
    const ratio = () => times.nobody / times.somebody;
    // On a machine that does other things, too, the shortest time of each may need a while to show.
    for (let i = 0; i < 6 || (i < 40 && (ratio() < 0.65 || ratio() > 1.5)); i++) {
      for (const [who, its] of [
        ['somebody', hash],
        ['nobody', undefined],
      ] as const) {
        const start = performance.now();
        expect(await slow.verify('b', its)).toBe(false);
        times[who] = Math.min(times[who], performance.now() - start);
      }
    }
    await slow.close();
    expect(ratio()).toBeGreaterThan(0.6);
    expect(ratio()).toBeLessThan(1.7);
  });
});
