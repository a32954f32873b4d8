/** JSON as people read it. */

const STEP = '  ';
/** A text, what has to be on a line of its own, or anything else without a blank. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The JSON text of a list or an object with a line for each member; nothing in it is changed. Undefined when it is no such text. */
export function indented(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || !isJson(text)) return undefined;
  let out = '';
  let depth = 0;
  let last = '';
  const line = () => `\n${STEP.repeat(depth)}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    const opened = last === '{' || last === '[';
    if (closes) depth--;
    if (closes ? !opened : opened) out += line();
    out += token;
    if (token === '{' || token === '[') depth++;
    if (token === ',') out += line();
    if (token === ':') out += ' ';
    last = token;
  }
  return out;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
