import { randomBytes } from 'node:crypto';

/** A new secret: 32 random bytes in base64url, 43 characters. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether something is what {@link newSecret} makes. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value);
}

/** Throws unless the name may be that of a file and of a document: a bug of the caller. */
export function demandSecretName(name: string): void {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a secret`);
}
