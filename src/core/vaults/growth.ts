/** What is known of a vault beside its log: how many operations there are, and how many came lately. */

import type { Write } from '../../storage/port.ts';
import { type VaultDoc, type VaultKey, vaultsSpec } from './vaults.ts';

const SLOT_S = 600;
const DAY_S = 86_400;

/** What was added to the end of a log just now. */
export interface Addition {
  readonly operations: number;
  /** Of their texts. */
  readonly bytes: number;
  /** The device that stored them. */
  readonly writer: string;
}

/**
 * The write that has a vault know of the first `operations` of its log, of which the last came at `at`, the `addition` being the
 * end of it. It sets the number and adds nothing to it, so that whatever a crash left uncounted is counted with what comes next.
 * Undefined when the vault knows of as many already; where its document was lost, it is made anew. In a commit it is a conflict
 * when others were faster.
 */
export function growth(
  key: VaultKey,
  known: VaultDoc | undefined,
  operations: number,
  at: Date,
  addition?: Addition,
): Write | undefined {
  const added = operations - (known?.operations ?? 0);
  if (added <= 0) return undefined;
  const set = {
    operations,
    last_activity: at,
    recent: withRecent(known?.recent, added, at),
    writer: addition?.writer,
    writer_from: addition && writerFrom(known, operations - addition.operations, addition.writer),
  };
  const bytes = addition?.bytes ?? 0;
  if (known === undefined) return { in: vaultsSpec, insert: { ...key, created_at: at, bytes, ...set } };
  return {
    in: vaultsSpec,
    update: [key.user_id, key.vault],
    change: { set, add: { bytes } },
    expect: { operations: known.operations },
  };
}

/** From which number on a device has stored all operations of a log that ended with `head` before it added some. */
function writerFrom(known: VaultDoc | undefined, head: number, writer: string): number {
  return soleFrom(known, head, writer) ?? head + 1;
}

/**
 * From which number on a device has stored all operations of a log with this head; undefined when others may have stored the last
 * one: also when the vault does not know of all, since somebody's commit broke off.
 */
export function soleFrom(known: VaultDoc | undefined, head: number, writer: string): number | undefined {
  return known?.operations === head && known.writer === writer ? known.writer_from : undefined;
}

/** Operations that a vault received in the 24 hours before `now` (milliseconds), to within ten minutes; by the server's clock. */
export function recentOperations({ recent }: Pick<VaultDoc, 'recent'>, now: number): number {
  return slotsSince(recent, now).reduce((sum, [, count]) => sum + count, 0);
}

function withRecent(recent: string | undefined, added: number, at: Date): string {
  const slot = Math.floor(at.getTime() / 1000 / SLOT_S) * SLOT_S;
  const slots = new Map(slotsSince(recent, at.getTime()));
  slots.set(slot, (slots.get(slot) ?? 0) + added);
  return JSON.stringify([...slots]);
}

/** Those that began less than 24 hours ago. */
function slotsSince(recent: string | undefined, now: number): [begin: number, count: number][] {
  const slots: [number, number][] = JSON.parse(recent ?? '[]');
  return slots.filter(([begin]) => begin > now / 1000 - DAY_S);
}
