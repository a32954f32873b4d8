import { stdSerializers } from 'pino';

/**
 * What a line tells of an error: its type, message, stack and code, with those of its causes, and nothing else. Errors carry what
 * they were about, such as the target of a request with a token in it.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
}
