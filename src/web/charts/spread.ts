/** How work spreads over days, or months. */

/** A period of work. */
export interface Work {
  readonly project: string;
  readonly in: number;
  readonly out: number | null;
}

/** For each stretch between two `edges`, the milliseconds of each project in it; a clock that runs counts up to `now`. */
export function spread(work: Iterable<Work>, edges: readonly number[], now: number): Map<string, number>[] {
  const stretches = edges.slice(1).map(() => new Map<string, number>());
  for (const { project, in: begin, out } of work) {
    const end = out ?? now;
    for (let i = stretchAt(edges, begin); i < stretches.length; i++) {
      const [from = 0, below = 0] = [edges[i], edges[i + 1]];
      if (from >= end) break;
      const ms = Math.min(end, below) - Math.max(begin, from);
      const stretch = stretches[i];
      if (ms > 0 && stretch) stretch.set(project, (stretch.get(project) ?? 0) + ms);
    }
  }
  return stretches;
}

/** The stretch in which a moment lies; the first one for what lies before. */
function stretchAt(edges: readonly number[], moment: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
