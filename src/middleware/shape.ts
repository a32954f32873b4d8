import type { z } from 'zod';
import { InvalidInputError } from '../errors.ts';

/**
 * The typed value of an input. Throws `InvalidInputError` that names the first place that does not fit (`files[3].path: …`),
 * with the code `<field>_invalid`, where `field` is the outermost one.
 */
export function shape<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const field = String(path[0] ?? 'body');
  throw new InvalidInputError(`${placeOf(path)}: ${issue?.message ?? 'not valid'}`, { code: `${field}_invalid` });
}

/** A place in an input, as messages name it: `files[3].path`. */
export function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
