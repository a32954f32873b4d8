/** Days as rows of a timeline, as geometry: where on each day the work lies. */

import { scaleBand, scaleLinear } from 'd3-scale';
import { type Box, tenth } from './bars.ts';
import { spread, type Work } from './spread.ts';

const MINUTES = 1440;
const [WIDTH, LEFT, ROW, BOTTOM] = [1000, 64, 32, 24];
/** More pieces of one day are drawn as half-hours, each of the project that has most of it. */
const CROWDED = 40;
/** Rows side by side for work at the same time. */
const LANES = 4;

/** What a view draws. */
export interface Timeline {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly rows: readonly { readonly y: number; readonly height: number; readonly label: string }[];
  readonly boxes: readonly Box[];
  readonly hours: readonly { readonly x: number; readonly label: string }[];
  /** Where it is now, when one of the days is today. */
  readonly now?: { readonly x: number; readonly y: number; readonly height: number };
}

/** What is drawn. `edges` are the beginnings of the days and the end of the last one. */
export interface TimelineOf<W extends Work> {
  readonly work: readonly W[];
  readonly edges: readonly number[];
  readonly now: number;
  /** Minutes that the clock on the wall shows since midnight. */
  readonly minutes: (moment: number) => number;
  readonly tone: (project: string) => number;
  readonly label: (day: number) => string;
  readonly title: (work: W) => string;
}

interface Piece {
  readonly from: number;
  readonly below: number;
  readonly tone: number;
  readonly title?: string;
}

/** Places everything. */
export function layTimeline<W extends Work>(given: TimelineOf<W>): Timeline {
  const { edges, now, minutes, label } = given;
  const days = edges.length - 1;
  const height = days * ROW + BOTTOM;
  const x = scaleLinear([0, MINUTES], [LEFT, WIDTH - 8]);
  const y = scaleBand([...Array(days).keys()], [0, days * ROW]).padding(0.15);
  const rows = Array.from({ length: days }, (_, day) => ({
    y: tenth(y(day) ?? 0),
    height: tenth(y.bandwidth()),
    label: label(day),
  }));
  const boxes = rows.flatMap((row, day) => {
    const from = edges[day] ?? 0;
    const below = edges[day + 1] ?? 0;
    return lanesOf(piecesOf(given, from, below)).flatMap((lane, at, { length }) =>
      lane.map((piece): Box => {
        const [left, right] = [
          minutes(Math.max(piece.from, from)),
          piece.below >= below ? MINUTES : minutes(piece.below),
        ];
        const [begin, part] = [tenth(x(left)), row.height / length];
        const width = Math.max(1, tenth(x(Math.max(left, right)) - begin));
        const { tone, title } = piece;
        const place = { x: begin, y: tenth(row.y + at * part), width, height: tenth(part) };
        return { ...place, tone, ...(title !== undefined && { title }) };
      }),
    );
  });
  const today = edges.findIndex((from, day) => from <= now && now < (edges[day + 1] ?? 0));
  const row = rows[today];
  return {
    width: WIDTH,
    height,
    left: LEFT,
    rows,
    boxes,
    hours: hoursOf(x),
    ...(row && { now: { x: tenth(x(minutes(now))), y: row.y, height: row.height } }),
  };
}

function hoursOf(x: (minutes: number) => number): Timeline['hours'] {
  return [0, 3, 6, 9, 12, 15, 18, 21, 24].map(hour => ({ x: tenth(x(hour * 60)), label: String(hour) }));
}

function piecesOf<W extends Work>({ work, now, tone, title }: TimelineOf<W>, from: number, below: number): Piece[] {
  const own = work.filter(({ in: begin, out }) => begin < below && (out ?? now) > from);
  if (own.length <= CROWDED) {
    return own.map(one => ({ from: one.in, below: one.out ?? now, tone: tone(one.project), title: title(one) }));
  }
  const edges = Array.from({ length: 49 }, (_, i) => from + ((below - from) * i) / 48);
  return spread(own, edges, now).flatMap((projects, i): Piece[] => {
    const [most] = [...projects].sort(([, a], [, b]) => b - a);
    return most ? [{ from: edges[i] ?? 0, below: edges[i + 1] ?? 0, tone: tone(most[0]) }] : [];
  });
}

/** The pieces in lanes, in none of which two lie over each other, unless there are too many. */
function lanesOf(pieces: readonly Piece[]): Piece[][] {
  const lanes: { end: number; pieces: Piece[] }[] = [];
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    const free = lanes.find(({ end }) => end <= piece.from);
    const lane = free ?? (lanes.length < LANES ? undefined : lanes[LANES - 1]);
    if (lane === undefined) {
      lanes.push({ end: piece.below, pieces: [piece] });
      continue;
    }
    lane.pieces.push(piece);
    lane.end = Math.max(lane.end, piece.below);
  }
  return lanes.map(({ pieces }) => pieces);
}
