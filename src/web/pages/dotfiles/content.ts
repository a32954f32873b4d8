import type { Content } from '../../../core/entries/content.ts';

/** What is in a file: text, if it is one in UTF-8 and, as git sees it, none with a NUL in it; else bytes. */
export function contentOf(bytes: Uint8Array): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return { kind: 'text', text };
  } catch {
    // Not UTF-8.
  }
  return { kind: 'bytes', bytes };
}
