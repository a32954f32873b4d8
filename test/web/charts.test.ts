import { expect, test } from 'vitest';
import { edgesOf, periodOf } from '../../src/web/calendar/period.ts';
import { fieldOf, momentIn } from '../../src/web/calendar/words.ts';
import { type Zone, zoneNamed } from '../../src/web/calendar/zone.ts';
import { layBars } from '../../src/web/charts/bars.ts';
import { spread } from '../../src/web/charts/spread.ts';
import { layTimeline } from '../../src/web/charts/timeline.ts';
import { tonesOf } from '../../src/web/charts/tones.ts';

const HOUR = 3_600_000;
const zone = (name: string) => zoneNamed(name) as Zone;
const iso = (moment: number) => new Date(moment).toISOString();

test('days are as long as the clock makes them, also where midnight is skipped', () => {
  const days = (name: string, date: string) => {
    const edges = edgesOf(zone(name), periodOf(zone(name), { from: date, to: date }, 0), 'day');
    return edges.map(iso);
  };
  expect(days('Europe/Berlin', '2026-03-29')).toEqual(['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z']);
  expect(days('Europe/Berlin', '2026-10-25')).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z']);
  // In Beirut the clock goes from 23:59 to 01:00.
  expect(days('Asia/Beirut', '2026-03-29')).toEqual(['2026-03-28T22:00:00.000Z', '2026-03-29T21:00:00.000Z']);
  expect(days('Asia/Kathmandu', '2026-03-29')[0]).toBe('2026-03-28T18:15:00.000Z');
});

test('a time on the wall is the moment at which it is shown, every half-hour of a year', () => {
  for (const name of [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Tokyo',
    'Australia/Lord_Howe',
    'Pacific/Apia',
  ]) {
    for (let moment = Date.UTC(2026, 0, 1); moment < Date.UTC(2027, 0, 1); moment += HOUR / 2) {
      const field = fieldOf(zone(name), moment);
      const back = momentIn(zone(name), field) ?? 0;
      expect([name, fieldOf(zone(name), back)]).toEqual([name, field]);
    }
  }
});

test('weeks begin on Monday, months with their first day, and each knows its neighbours', () => {
  const period = (asked: object) => {
    const { asked: own, previous, next } = periodOf(zone('UTC'), asked, Date.UTC(2026, 10, 28));
    return [own, previous, next].map(({ date, from, to }) => date ?? `${from} ${to}`);
  };
  expect(period({})).toEqual(['2026-11-23', '2026-11-16', '2026-11-30']);
  expect(period({ date: '2026-11-29' })).toEqual(['2026-11-23', '2026-11-16', '2026-11-30']);
  expect(period({ view: 'month', date: '2026-01-31' })).toEqual(['2026-01-01', '2025-12-31', '2026-02-01']);
  expect(period({ from: '2026-01-05', to: '2026-01-06' })).toEqual([
    '2026-01-05 2026-01-06',
    '2026-01-03 2026-01-04',
    '2026-01-07 2026-01-08',
  ]);
});

test('work over midnight counts where it lies, a running clock up to now', () => {
  const day = 24 * HOUR;
  const work = [
    { project: 'a', in: day - HOUR, out: day + 2 * HOUR },
    { project: 'b', in: 2 * day, out: null },
  ];
  const spreads = spread(work, [0, day, 2 * day, 3 * day], 2 * day + HOUR).map(one => [...one]);
  expect(spreads).toEqual([[['a', HOUR]], [['a', 2 * HOUR]], [['b', HOUR]]]);
});

const timeline = (work: { project: string; in: number; out: number | null }[]) =>
  layTimeline({
    work,
    edges: [0, 24 * HOUR, 48 * HOUR],
    now: 30 * HOUR,
    minutes: moment => Math.floor(moment / 60_000) % 1440,
    tone: () => 1,
    label: String,
    title: ({ project }) => project,
  });

test('work at the same time lies side by side, and none leaves its row', () => {
  const { boxes, rows, now } = timeline([
    { project: 'a', in: 8 * HOUR, out: 12 * HOUR },
    { project: 'b', in: 9 * HOUR, out: 10 * HOUR },
    { project: 'c', in: 13 * HOUR, out: 26 * HOUR },
  ]);
  expect(boxes.map(({ title }) => title)).toEqual(['a', 'c', 'b', 'c']);
  const [a, , b] = boxes;
  expect((a?.y ?? 0) + (a?.height ?? 0)).toBeCloseTo(b?.y ?? 0, 0);
  for (const { x, y, width, height } of boxes) {
    expect(x + width).toBeLessThanOrEqual(1000);
    expect(rows.some(row => y >= row.y && y + height <= row.y + row.height + 0.2)).toBe(true);
  }
  expect(now?.y).toBe(rows[1]?.y);
});

test('a day of a thousand pieces has no more than its half-hours', () => {
  const work = Array.from({ length: 1000 }, (_, i) => ({
    project: `p${i % 3}`,
    in: i * 60_000,
    out: i * 60_000 + 50_000,
  }));
  expect(timeline(work).boxes.length).toBeLessThanOrEqual(48);
});

test('bars are stacked without gaps, and as high as their hours', () => {
  const { boxes, hours } = layBars({
    bars: [
      new Map([
        ['a', 2 * HOUR],
        ['b', 4 * HOUR],
      ]),
      new Map(),
    ],
    series: [
      { name: 'a', tone: 1 },
      { name: 'b', tone: 2 },
    ],
    label: String,
    title: name => name,
  });
  const [a, b] = boxes;
  expect([a?.tone, b?.tone, boxes.length]).toEqual([1, 2, 2]);
  expect((b?.y ?? 0) + (b?.height ?? 0)).toBeCloseTo(a?.y ?? 0, 0);
  expect(b?.height).toBeCloseTo(2 * (a?.height ?? 0), 0);
  expect(hours[0]?.label).toBe('0');
});

test('seven projects have seven colours, and one alone the same in each period', () => {
  const names = ['garden', 'house', 'Keybin', 'reading', 'support', 'travel', 'accounting', 'another'];
  const tones = tonesOf(names);
  expect([...tones.values()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(tones.has('another')).toBe(false);
  expect(tonesOf(['garden']).get('garden')).toBe(tonesOf(['garden', 'house']).get('garden'));
});
