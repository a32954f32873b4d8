/**
 * The source text of the number under `name` in each object of a JSON list of objects: '' where it is no number or not there.
 * `JSON.parse` tells neither `1.0` from `1` nor `1e3` from `1000`. `json` must have been parsed before.
 */
export function numberSources(json: string, name: string): string[] {
  const sources: string[] = [];
  let depth = 0;
  /** The last text literal: before a colon it is a name. */
  let literal = '';
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      const end = endOfText(json, at);
      literal = json.slice(at, end);
      at = end - 1;
    } else if (character === '{' || character === '[') {
      if (depth === 1) sources.push('');
      depth++;
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === ':' && depth === 2 && isLiteralOf(literal, name)) {
      sources[sources.length - 1] = numberAt(json, at + 1); // of two with one name the last counts, as in JSON.parse
    }
  }
  return sources;
}

/** Where a text literal that begins at `start` is over. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isLiteralOf(literal: string, text: string): boolean {
  return literal.includes('\\') ? JSON.parse(literal) === text : literal === `"${text}"`;
}

function numberAt(json: string, start: number): string {
  const number = /[ \t\r\n]*([-+.\deE]*)/y;
  number.lastIndex = start;
  return number.exec(json)?.[1] ?? '';
}
