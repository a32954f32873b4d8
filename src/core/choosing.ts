/** Where the choices of admins lie: in the storage, for every process. */

import { languages } from '../base/language.ts';
import type { WebChoice } from './chosen.ts';
import { settingsSpec } from './collections.ts';
import type { Core } from './context.ts';

const WEB = 'web';

/** Looks at what others have chosen; to be called by each process every few seconds. Throws `StorageUnavailableError`. */
export async function refreshChosen(core: Core): Promise<void> {
  const doc = await core.storage.collection(settingsSpec).get([WEB]);
  take(core, doc?.value ?? '{}');
}

/** Stores a choice in place of the one before; it counts at once in this process. Throws `StorageUnavailableError`. */
export async function saveChoice(core: Core, choice: WebChoice): Promise<void> {
  const value = JSON.stringify(choice);
  await core.storage.collection(settingsSpec).put({ name: WEB, value, updated_at: new Date(core.clock.now()) });
  take(core, value);
}

/** The same text stays the same objects: others remember what they made of them. */
function take({ chosen }: Core, text: string): void {
  if (text === chosen.text) return;
  const { language, ...choice } = JSON.parse(text) as WebChoice;
  const known = languages.find(one => one === language);
  chosen.web = { ...choice, ...(known !== undefined && { language: known }) };
  chosen.text = text;
}
