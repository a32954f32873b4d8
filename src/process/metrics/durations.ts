import type { Distribution, Labels } from './family.ts';

/** Upper bounds in seconds: from what a value in memory takes to what a person gives up on. */
export const BOUNDS = [0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10] as const;

/** How long things of one kind took. */
export class Durations {
  readonly #counts: number[] = new Array(BOUNDS.length + 1).fill(0);
  #sum = 0;

  /** In milliseconds. */
  add(ms: number): void {
    const seconds = ms / 1000;
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Whether there were some. */
  get any(): boolean {
    return this.#counts.some(count => count > 0);
  }

  /** As it is told, under these labels. */
  told(labels: Labels): Distribution {
    return { labels, counts: [...this.#counts], sum: this.#sum };
  }
}
