/** Text that is HTML already, and how it comes about: every value in it is escaped. */

import { escapeHtml } from '../http/browser/page.ts';

/** HTML in which every value was escaped. Views put out anything else escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** HTML from a template in the source: values are escaped, HTML stays as it is, lists are joined, and what is absent or false is empty. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  let text = strings[0] ?? '';
  for (const [i, value] of values.entries()) text += `${escaped(value)}${strings[i + 1] ?? ''}`;
  return new Html(text);
}

/** A value as it stands in HTML. */
export function escaped(value: unknown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(escaped).join('');
  return value === undefined || value === null || value === false ? '' : escapeHtml(String(value));
}
