import { Timestamp } from 'mongodb';
import { positionInvalid } from '../../position-gone.ts';

/**
 * A place among the changes of a cluster: behind a resume token, or, without one, before all of that time. Tokens are hexadecimal texts
 * that sort as the changes do.
 */
export interface Position {
  readonly time: Timestamp;
  readonly token?: string;
}

/** As a text. */
export function textOf({ time, token }: Position): string {
  const place = `${time.high >>> 0}.${time.low >>> 0}`;
  return token === undefined ? place : `${place}.${token}`;
}

/** The position of a text. Throws `InvalidInputError` (code `cursor_invalid`) when it is none. */
export function positionOf(text: string): Position {
  const [, seconds, count, token] = /^(\d{1,10})\.(\d{1,10})(?:\.([0-9A-F]{2,4000}))?$/i.exec(text) ?? [];
  const [t, i] = [Number(seconds), Number(count)];
  if (!(t <= 0xffff_ffff && i <= 0xffff_ffff)) throw positionInvalid();
  const time = new Timestamp({ t, i });
  return token === undefined ? { time } : { time, token };
}

/** Less than 0 when `a` comes first. */
export function compare(a: Position, b: Position): number {
  const order = a.time.compare(b.time);
  if (order !== 0) return order;
  const [one, other] = [a.token ?? '', b.token ?? ''];
  return one === other ? 0 : one < other ? -1 : 1;
}

/** The position behind a resume token, which begins with its time; undefined where it does not. */
export function behind(resumeToken: unknown): Position | undefined {
  const data = typeof resumeToken === 'object' && resumeToken !== null && '_data' in resumeToken && resumeToken._data;
  if (typeof data !== 'string') return undefined;
  const [, t = '', i = ''] = /^82([0-9A-F]{8})([0-9A-F]{8})/i.exec(data) ?? [];
  if (t === '') return undefined;
  return { time: new Timestamp({ t: Number.parseInt(t, 16), i: Number.parseInt(i, 16) }), token: data };
}
