/**
 * Headers of every answer, names and values in turn. Answers hold secrets: nothing is cached, nothing is taken for another type.
 * Pages add what concerns links and scripts.
 */
export const SECURITY_HEADERS = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'] as const;
