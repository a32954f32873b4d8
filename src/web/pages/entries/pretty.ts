const DEEPEST = 16;
const SPACE = /\s/;

/**
 * JSON text with a line for each member; whatever stands in it stays as it was written. Stops soon after `most` characters. It is not
 * parsed: numbers stay what they are, and how deep it nests does not matter.
 */
export function prettyJson(text: string, most = Number.POSITIVE_INFINITY): string {
  let out = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  for (let at = 0; at < text.length && out.length <= most; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfText(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if (character === '{' || character === '[') {
      const next = nextVisible(text, at + 1);
      if (text.charAt(next) === (character === '{' ? '}' : ']')) {
        out += character + text.charAt(next);
        at = next;
      } else {
        depth++;
        out += character + line();
      }
    } else if (character === '}' || character === ']') {
      depth = Math.max(0, depth - 1);
      out += line() + character;
    } else if (character === ',') out += `,${line()}`;
    else if (character === ':') out += ': ';
    else if (!SPACE.test(character)) out += character;
  }
  return out;
}

/** Behind the quote that ends the text which begins at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function nextVisible(text: string, start: number): number {
  let at = start;
  while (at < text.length && SPACE.test(text.charAt(at))) at++;
  return at;
}
