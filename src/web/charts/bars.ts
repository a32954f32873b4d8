/** Stacked bars as geometry: one for each day or month, a piece for each project. */

import { scaleBand, scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';

const HOUR_MS = 3_600_000;
const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [1000, 260, 40, 8, 24];

/** A rectangle of a chart; `tone` is its colour, `title` what it says to who points at it. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tone: number;
  readonly title?: string;
}

/** What a view draws. */
export interface Bars {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** The lines of whole hours. */
  readonly hours: readonly { readonly y: number; readonly label: string }[];
  readonly labels: readonly { readonly x: number; readonly label: string }[];
  readonly left: number;
}

/** What is drawn: milliseconds of each series (from the ground up) in each bar. */
export interface BarsOf {
  readonly bars: readonly ReadonlyMap<string, number>[];
  readonly series: readonly { readonly name: string; readonly tone: number }[];
  readonly label: (bar: number) => string;
  readonly title: (name: string, bar: number, ms: number) => string;
}

/** Places everything. */
export function layBars({ bars, series, label, title }: BarsOf): Bars {
  const sums = bars.map(bar => series.reduce((sum, { name }) => sum + (bar.get(name) ?? 0), 0) / HOUR_MS);
  const y = scaleLinear([0, Math.max(1, ...sums)], [HEIGHT - BOTTOM, TOP]).nice(4);
  const places = scaleBand(bars.keys(), [LEFT, WIDTH]).padding(bars.length > 20 ? 0.2 : 0.35);
  const layers = stack<ReadonlyMap<string, number>, string>()
    .keys(series.map(({ name }) => name))
    .value((bar, name) => (bar.get(name) ?? 0) / HOUR_MS)([...bars]);
  const boxes = layers.flatMap((layer, at) =>
    layer.flatMap(([low, high], bar): Box[] => {
      if (!(high > low)) return [];
      const { name = '', tone = 8 } = series[at] ?? {};
      const ms = bars[bar]?.get(name) ?? 0;
      const height = Math.max(1, tenth(y(low) - y(high)));
      const place = { x: tenth(places(bar) ?? 0), y: tenth(y(high)), width: tenth(places.bandwidth()), height };
      return [{ ...place, tone, title: title(name, bar, ms) }];
    }),
  );
  const every = Math.ceil(bars.length / 16);
  return {
    width: WIDTH,
    height: HEIGHT,
    left: LEFT,
    boxes,
    hours: y.ticks(4).map(hour => ({ y: tenth(y(hour)), label: String(hour) })),
    labels: bars.flatMap((_, bar) =>
      bar % every === 0 ? [{ x: tenth((places(bar) ?? 0) + places.bandwidth() / 2), label: label(bar) }] : [],
    ),
  };
}

/** To a tenth of a unit: nobody sees more, and it would be read by everybody. */
export function tenth(number: number): number {
  return Math.round(number * 10) / 10;
}
