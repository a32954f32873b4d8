import type { z } from 'zod';
import { InvalidInputError } from '../errors.ts';

/**
 * The typed value of an input. Throws `InvalidInputError` that names the first field that does not fit, with the code
 * `<field>_invalid`.
 */
export function shape<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = String(issue?.path[0] ?? 'body');
  throw new InvalidInputError(`${field}: ${issue?.message ?? 'not valid'}`, { code: `${field}_invalid` });
}
