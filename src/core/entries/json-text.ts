import { eachInSlices } from '../../base/slices.ts';

/** Pieces of text that are joined at once: single characters would pile up as so many strings. */
const AT_ONCE = 4096;

/** A list or object whose members are being written. */
interface Open {
  readonly of: object;
  /** The names of the members; absent: a list. */
  readonly names?: readonly string[];
  readonly length: number;
  at: number;
}

/** The JSON text of a value that consists of what JSON has, written in slices. A negative zero is `-0`. */
export async function jsonText(value: unknown): Promise<string> {
  const parts: string[] = [];
  let some: string[] = [];
  await eachInSlices(piecesOf(value), piece => {
    if (some.push(piece) < AT_ONCE) return;
    parts.push(some.join(''));
    some = [];
  });
  parts.push(some.join(''));
  return parts.join('');
}

/** It goes with a stack of its own: how deep a value nests costs nothing. */
function* piecesOf(value: unknown): Generator<string> {
  const open: Open[] = [];
  let next = value;
  for (;;) {
    if (typeof next === 'object' && next !== null) {
      const container = opened(next);
      yield container.names ? '{' : '[';
      open.push(container);
    } else yield Object.is(next, -0) ? '-0' : JSON.stringify(next);

    let around = open.at(-1);
    while (around && around.at === around.length) {
      yield around.names ? '}' : ']';
      open.pop();
      around = open.at(-1);
    }
    if (!around) return;
    const place = around.at++;
    const name = around.names?.[place];
    const comma = place === 0 ? '' : ',';
    if (name !== undefined) yield `${comma}${JSON.stringify(name)}:`;
    else if (comma) yield comma;
    next = (around.of as Record<string | number, unknown>)[name ?? place];
  }
}

function opened(of: object): Open {
  if (Array.isArray(of)) return { of, length: of.length, at: 0 };
  const names = Object.keys(of);
  return { of, names, length: names.length, at: 0 };
}
