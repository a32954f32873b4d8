import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hex, as the server compares contents by it. */
export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
