import { describe, expect, it } from 'vitest';
import { compareTexts, contains, filterOf, pageOf } from '../../src/core/listing.ts';

describe('a page of a list', () => {
  const rows = [1, 2, 3, 4, 5];

  it('says where it is', () => {
    expect(pageOf(rows, { page: 2, perPage: 2 })).toEqual({ items: [3, 4], total: 5, page: 2, pages: 3, perPage: 2 });
  });

  it('behind the last one is the last one, before the first the first', () => {
    expect(pageOf(rows, { page: 9, perPage: 2 })).toMatchObject({ items: [5], page: 3 });
    expect(pageOf(rows, { page: 0, perPage: 2 })).toMatchObject({ items: [1, 2], page: 1 });
    expect(pageOf([], { page: 3, perPage: 25 })).toEqual({ items: [], total: 0, page: 1, pages: 1, perPage: 25 });
  });

  it('has at most 100 rows', () => {
    expect(pageOf(Array(300).fill(0), { page: 1, perPage: 1000 })).toMatchObject({ perPage: 100, pages: 3 });
  });
});

describe('a filter', () => {
  it('is found in any letter case and however it is composed', () => {
    expect(contains(filterOf('BU\u0308CH'), undefined, 'Die Bücher')).toBe(true);
    expect(contains(filterOf('x'), undefined, 'y')).toBe(false);
    expect(contains(filterOf(undefined))).toBe(true);
  });

  it('counts up to its 160th character', () => {
    expect(filterOf('ä'.repeat(200))).toBe('ä'.repeat(160));
  });
});

it('texts are in the order of their UTF-8 bytes', () => {
  const texts = ['', 'Z', 'a', 'ab', 'a\u{1F600}', 'a\uFF21', '\uFF21', '\u{1F600}', '\u{1F601}', '\uD7FF', 'é', '0'];
  const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect([...texts].sort(compareTexts)).toEqual(byBytes);
});
