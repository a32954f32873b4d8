/** The audit log: what an admin may want to know of later, whichever API it came through. */

import { type AuditDoc, auditSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId, sha256Hex } from '../ids.ts';
import { addressGroup } from '../throttle/address.ts';
import { type AuditEvent, auditEvents } from './events.ts';

/** What an event is about. Never a secret, and nobody's name: ids tell whom it concerns as long as there is an account. */
export interface AuditSubject {
  readonly accountId?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly message?: string;
}

/** Tells the audit log of an event that one request caused. Never throws. */
export type Recorder = (event: AuditEvent, subject?: AuditSubject) => Promise<void>;

/** Writes the audit log for an API. What cannot be written is told to the server's log and stops nothing. */
export interface Audit<Request> {
  /** `request` caused the event. */
  record(request: Request, event: AuditEvent, subject?: AuditSubject): Promise<void>;
  /** As `record`, but one entry for an address, `what` and a quarter of an hour: for what anybody can cause very often. */
  recordOnce(request: Request, event: AuditEvent, what: string, subject?: AuditSubject): Promise<void>;
}

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/** The audit log of one API. */
export function createAudit<Request>(core: Core, addressOf: (request: Request) => string): Audit<Request> {
  return {
    async record(request, event, subject) {
      await write(core, docOf(core, newId(), event, { ...subject, address: addressOf(request) }));
    },
    async recordOnce(request, event, what, subject) {
      const address = addressOf(request);
      const quarter = Math.floor(core.clock.now() / QUARTER_MS);
      const id = sha256Hex(JSON.stringify([event, what, addressGroup(address), quarter]));
      await write(core, docOf(core, id, event, { ...subject, address }), 'once');
    },
  };
}

/** Records what the server did by itself. */
export async function recordOwn(core: Core, event: AuditEvent, subject: AuditSubject = {}): Promise<void> {
  await write(core, docOf(core, newId(), event, subject));
}

/** Removes what is older than the configuration has it. */
export async function trimAudit(core: Core): Promise<void> {
  const below = new Date(core.clock.now() - core.settings.auditDays() * DAY_MS);
  const removed = await core.storage.collection(auditSpec).deleteMany({ index: 'time', below });
  await recordOwn(core, 'retention_cleanup', { message: `${removed} old entries of this log removed` });
}

async function write(core: Core, doc: AuditDoc, once?: 'once'): Promise<void> {
  const log = core.storage.collection(auditSpec);
  try {
    if (once === undefined) await log.insert(doc);
    else if (!(await log.get([doc.id]))) await log.put(doc);
  } catch (err) {
    if (!core.settings.readOnly()) core.log.warn({ err }, 'an event is missing in the audit log');
  }
}

function docOf(
  core: Core,
  id: string,
  event: AuditEvent,
  { accountId, deviceId, message = '', address }: AuditSubject & { address?: string },
): AuditDoc {
  return {
    id,
    at: new Date(core.clock.now()),
    event,
    severity: auditEvents[event],
    ...(accountId !== undefined && { user_id: accountId }),
    ...(deviceId !== undefined && { device_id: deviceId }),
    ...(address !== undefined && { address }),
    message,
  };
}
