/** Places in the history as texts that sort like it: by timestamp, those of one second as they arrived. */

/** Behind every place. */
export const END = '~';

/** The place of an event; `arrival` is at least 1. With 0 it is before all of that second. */
export function placeOf(timestamp: number, arrival: number): string {
  return String(timestamp).padStart(12, '0') + String(arrival).padStart(16, '0');
}

/** The first text behind a place, and before the next place. */
export function behind(place: string): string {
  return `${place}!`;
}

/** An event at its place, with its text or, if that is long, what is known of it. */
export interface Placed {
  readonly place: string;
  /** Bytes of the text. */
  readonly size: number;
  readonly text?: Uint8Array;
  readonly body_hash?: string;
}

/** What is in either list or both, by place, each once. Both are sorted. */
export function merged(some: readonly Placed[], others: readonly Placed[]): Placed[] {
  const all: Placed[] = [];
  let [a, b] = [0, 0];
  for (;;) {
    const [one, other] = [some[a], others[b]];
    if (one === undefined || other === undefined) return all.concat(some.slice(a), others.slice(b));
    if (one.place <= other.place) {
      all.push(one);
      a++;
      if (one.place === other.place) b++;
    } else {
      all.push(other);
      b++;
    }
  }
}
