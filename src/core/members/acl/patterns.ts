/**
 * What is known by access patterns: a text to be equal to, or with `*` at its end a beginning. Finds all that fit a text without
 * going through the others.
 */
export class Patterns<T> {
  readonly #texts = new Map<string, T>();
  readonly #beginnings = new Map<string, T>();
  /** Of the beginnings, each once. */
  readonly #lengths = new Set<number>();

  /** What is under a pattern; made when nothing is yet. */
  at(pattern: string, make: () => T): T {
    const beginning = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
    const known = beginning === undefined ? this.#texts : this.#beginnings;
    const key = beginning ?? pattern;
    const found = known.get(key) ?? make();
    known.set(key, found);
    if (beginning !== undefined) this.#lengths.add(beginning.length);
    return found;
  }

  /** What is under the patterns that fit a text, in no order. */
  fitting(text: string): T[] {
    const found: T[] = [];
    const same = this.#texts.get(text);
    if (same !== undefined) found.push(same);
    for (const length of this.#lengths) {
      const begins = length <= text.length ? this.#beginnings.get(text.slice(0, length)) : undefined;
      if (begins !== undefined) found.push(begins);
    }
    return found;
  }
}
