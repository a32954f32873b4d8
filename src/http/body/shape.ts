import type { z } from 'zod';
import { InvalidInputError } from '../../base/errors.ts';

/**
 * The typed value of an input. Throws `InvalidInputError` that names the first place that does not fit (`files[3].path: …`),
 * with the code `<field>_invalid`, where `field` is the outermost one.
 */
export function shape<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const field = String(result.error.issues[0]?.path[0] ?? 'body');
  throw new InvalidInputError(reasonOf(result.error, input), { code: `${field}_invalid` });
}

/** What is wrong with an input first, and where; what is not there is called missing. */
export function reasonOf(error: z.ZodError, input: unknown): string {
  const { path = [], message = 'not valid' } = error.issues[0] ?? {};
  const isMissing = path.length > 0 && valueAt(input, path) === undefined;
  return `${placeOf(path)}: ${isMissing ? `it is missing; ${message}` : message}`;
}

/** A place in an input, as messages name it: `files[3].path`. */
export function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
