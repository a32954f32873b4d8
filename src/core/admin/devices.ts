/** What admins do with devices. Each deed is told to the audit log. */

import type { Core } from '../context.ts';
import {
  type DeviceDoc,
  deviceById,
  deviceNotFound,
  removeDevice,
  removeRevokedDevice,
  revokeDevice,
} from '../devices/devices.ts';
import { type AdminDeed, by } from './deed.ts';

/** Revokes a device, whosever it is; one that was revoked stays as it was. Throws `NotFoundError`. */
export async function revokeAnyDevice(core: Core, deviceId: string, deed: AdminDeed): Promise<void> {
  const device = await deviceById(core, deviceId);
  if (device === undefined || !(await revokeDevice(core, device.user_id, deviceId))) throw deviceNotFound();
  if (device.revoked_at === undefined) await deed.record('device_revoked', about(device, deed));
}

/** Deletes a device that was revoked before, whosever it is. Throws `NotFoundError`, `ConflictError` (it was not revoked). */
export async function deleteAnyDevice(core: Core, deviceId: string, deed: AdminDeed): Promise<void> {
  const device = await deviceById(core, deviceId);
  if (device === undefined || !(await removeRevokedDevice(core, device))) throw deviceNotFound();
  await deed.record('device_deleted', about(device, deed));
}

/** Takes away the key of a device, and with it the device; one that is not there is fine. */
export async function takeKeyAway(core: Core, deviceId: string, deed: AdminDeed): Promise<void> {
  const device = await deviceById(core, deviceId);
  if (device === undefined || !(await removeDevice(core, device))) return;
  await deed.record('device_deleted', about(device, deed));
}

function about({ user_id, device_id }: DeviceDoc, deed: AdminDeed) {
  return { accountId: user_id, deviceId: device_id, ...by(deed) };
}
