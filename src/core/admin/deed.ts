import type { Caller } from '../../base/caller.ts';
import type { AuditSubject, Recorder } from '../audit/record.ts';
import type { AccountDoc } from '../collections.ts';

/** Which admin does something, from where, and how the audit log is told. */
export interface AdminDeed {
  readonly admin: Pick<AccountDoc, 'user_id' | 'email'>;
  readonly caller: Caller;
  readonly record: Recorder;
}

/** What the log says beside whom a deed concerns: who did it. */
export function by({ admin }: AdminDeed): Pick<AuditSubject, 'message'> {
  return { message: `by ${admin.user_id}` };
}
