/** What admins change while the server runs. It lies in the storage, and counts over the configuration. */

import { DuplicateKeyError, StorageUnavailableError } from '../../base/errors.ts';
import type { SmtpServer } from '../../base/mail.ts';
import { checkMailSettings, parsePublicUrl } from '../../base/mail-rules.ts';
import { type SettingDoc, settingsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { seal, unseal } from './sealed.ts';

const MAIL = 'mail';

/** How often a change is tried while others change the same. */
const RACES = 20;

/** Mail as an admin set it. `host` is empty when only the rest was given: then the configuration's server is used. */
export interface StoredMail extends SmtpServer {
  /** Where people reach the server, for links in mails, without a slash at its end; empty: as the configuration says. */
  readonly server_url: string;
}

/** What to change. What is absent, undefined or empty (of the port: 0) stays as it is. */
export type MailChange = { readonly [F in keyof StoredMail]?: StoredMail[F] | undefined };

/** As it is stored: the password sealed, and absent when there is none. */
type SealedMail = Omit<StoredMail, 'password'> & { readonly sealed_password?: string };

const NOTHING: SealedMail = { host: '', port: 587, user: '', security: 'starttls', from: '', server_url: '' };

/** What admins stored about mail; undefined: nothing. A password that cannot be read is none. Throws `StorageUnavailableError`. */
export async function loadMailSettings(core: Core): Promise<StoredMail | undefined> {
  const doc = await core.storage.collection(settingsSpec).get([MAIL]);
  return doc && opened(core, JSON.parse(doc.value));
}

/**
 * Changes what is stored about mail, and returns it. Of two changes at once neither is lost. A changed host without a password
 * takes the stored password away: it is not for another server. The first time the port is 587 and security `starttls`
 * unless they are given. Throws `InvalidInputError` (code `mail_settings_invalid`), `StorageUnavailableError`.
 */
export async function saveMailSettings(core: Core, change: MailChange): Promise<StoredMail> {
  checkMailSettings(change);
  const settings = core.storage.collection(settingsSpec);
  const sealed_password = change.password ? await seal(core, change.password) : undefined;
  for (let race = 0; race < RACES; race++) {
    const stored = await settings.get([MAIL]);
    const next = changed(stored ? JSON.parse(stored.value) : NOTHING, change, sealed_password);
    const doc: SettingDoc = { name: MAIL, value: JSON.stringify(next), updated_at: new Date(core.clock.now()) };
    if (await written(core, stored, doc)) return opened(core, next);
  }
  throw new StorageUnavailableError('the settings keep changing');
}

/** Takes away what admins stored about mail: the configuration counts again. */
export async function removeMailSettings(core: Core): Promise<void> {
  await core.storage.collection(settingsSpec).delete([MAIL]);
}

/** Whether it was still as it had been read. */
async function written(core: Core, stored: SettingDoc | undefined, { name, ...set }: SettingDoc): Promise<boolean> {
  const settings = core.storage.collection(settingsSpec);
  if (stored) return (await settings.update([name], { set }, { value: stored.value })) !== undefined;
  try {
    await settings.insert({ name, ...set });
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}

function changed(stored: SealedMail, change: MailChange, newPassword: string | undefined): SealedMail {
  const { sealed_password: oldPassword, ...old } = stored;
  const { password: _, ...given } = { ...change, server_url: change.server_url && parsePublicUrl(change.server_url) };
  const next = { ...old, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)) };
  const moved = next.host.toLowerCase() !== old.host.toLowerCase();
  const sealed_password = newPassword ?? (moved ? undefined : oldPassword);
  return { ...next, ...(sealed_password !== undefined && { sealed_password }) };
}

async function opened(core: Core, { sealed_password, ...mail }: SealedMail): Promise<StoredMail> {
  const password = sealed_password === undefined ? undefined : await unseal(core, sealed_password);
  return { ...mail, password: password ?? '' };
}
