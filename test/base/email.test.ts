import { expect, it } from 'vitest';
import { emailOf } from '../../src/base/email.ts';

const LABEL = 'b'.repeat(63);
const LONGEST = `${'a'.repeat(64)}@${LABEL}.${LABEL}.${'b'.repeat(61)}`;

it.each([
  ['ann@example.org', 'ann@example.org'],
  ['  Ann.Lee+tag@Example.ORG\t', 'ann.lee+tag@example.org'],
  ["o'neil/x=y@localhost", "o'neil/x=y@localhost"],
  ['ÄNN@Почта.рф', 'änn@xn--80a1acny.xn--p1ai'],
  ['A\u0308NN@example.org', 'änn@example.org'],
  ['ann@ẞ.example', 'ann@xn--zca.example'],
  ['x@192.0.2.1', 'x@192.0.2.1'],
  [LONGEST, LONGEST],
])('takes %j', (text, address) => {
  expect(emailOf(text)).toBe(address);
});

it.each([
  'bücher.example',
  'xn--bcher-kva.example',
  'XN--BCHER-KVA.example',
  'BÜCHER.Example',
  'bu\u0308cher.example',
  'BU\u0308CHER.example',
  'bücher\u3002example',
  'bücher\uff0eexample',
  'bücher\uff61example',
  'bü\u00adcher.example',
  'bü\u200bcher.example',
  '\uff42ücher.example',
  '\ud835\udc1bücher.example',
  'bücher.example\u00a0',
])('knows one mailbox by the domain %j', domain => {
  expect(emailOf(`ann@${domain}`)).toBe('ann@xn--bcher-kva.example');
});

it.each([
  'ann@example.org/x',
  'ann@example.org?x',
  'ann@example.org#x',
  'ann@ex%61mple.org',
  'ann@a/b.example.org',
  'ann@example.org:25',
  'ann@example.org\u3002',
  'ann@\u200b.example.org',
  'ann@\u00ad',
  'ann@xn--zz.example.org',
  'ann@example\uff0forg',
  'ann@example\uff20b.org',
  `ann@${'ü'.repeat(60)}.${'ü'.repeat(60)}.example.org`,
  '',
  'ann',
  '@',
  'ann@',
  '@example.org',
  'ann@@example.org',
  'ann@b@example.org',
  'ann example.org',
  'ann @example.org',
  'ann@exam ple.org',
  '.ann@example.org',
  'ann.@example.org',
  'a..n@example.org',
  'ann@.org',
  'ann@example.org.',
  'ann@example..org',
  '<ann@example.org>',
  'Ann <ann@example.org>',
  '"ann"@example.org',
  'ann(comment)@example.org',
  'ann@example.org, ben@example.org',
  'ann@example.org;ben@example.org',
  'mailto:ann@example.org',
  'ann@[192.0.2.1]',
  'ann\\@example.org',
  'ann@example.org\r\nBcc: ben@example.org',
  'ann@exam\0ple.org',
  'ann@exam\u0085ple.org',
  'ann@exam\u2028ple.org',
  'ann@\ud800.org',
  `${'a'.repeat(65)}@example.org`,
  `${'ä'.repeat(33)}@example.org`,
  `a${LONGEST.slice(1)}b`,
])('refuses %j', text => {
  expect(emailOf(text)).toBeUndefined();
});

it('takes what it gives, once more', () => {
  for (const text of [
    'İSTANBUL@EXAMPLE.ORG',
    'ẞ@EXAMPLE.ORG',
    'ΣΑΣ@EXAMPLE.ORG',
    'ann@Bücher.example',
    'A\u0345@x.y',
    '\u1fbc@127.1',
  ]) {
    const address = emailOf(text);
    expect(address).toBeDefined();
    expect(emailOf(address ?? '')).toBe(address);
  }
});

it('is done with a hostile text at once', () => {
  const started = performance.now();
  for (const text of ['a.'.repeat(100_000), `${'a.'.repeat(120)}@`, `a@${'b.'.repeat(120)}`]) emailOf(text);
  expect(performance.now() - started).toBeLessThan(500);
});
