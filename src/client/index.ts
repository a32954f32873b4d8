/** What a program imports: `import { Keybin } from 'keybin/client'` (docs/client.md). */

export { ConditionError, CursorGoneError, KeybinError } from './errors.ts';
export { Keybin, type SignInOptions } from './keybin.ts';
export type { Lock, LockOptions } from './lock.ts';
export type { Original, OriginalToken } from './original.ts';
export type { Tokens } from './tokens.ts';
export type * from './types.ts';
export type { Value } from './value.ts';
