/** What admins choose for the pages, over the configuration. Each deed is told to the audit log. */

import { parseAddresses } from '../../base/addresses.ts';
import { InvalidInputError } from '../../base/errors.ts';
import { languages } from '../../base/language.ts';
import { parsePublicUrl } from '../../base/mail-rules.ts';
import { saveChoice } from '../choosing.ts';
import type { WebChoice } from '../chosen.ts';
import type { Core } from '../context.ts';
import { type AdminDeed, by } from './deed.ts';

const NAME_CODE_POINTS = 60;

/** What a form says; empty: as the configuration has it. */
export interface WebFields {
  readonly server_name: string;
  readonly public_url: string;
  readonly language: string;
  readonly registration_open: string;
  readonly trusted_proxies: string;
}

const YES = ['true', 'on', 'yes', '1', 'open'];
const NO = ['false', 'off', 'no', '0', 'closed'];

/** Stores what the fields say. Throws `InvalidInputError` (code `web_settings_invalid`; the message begins with the field). */
export async function saveWebSettings(core: Core, given: WebFields, deed: AdminDeed): Promise<void> {
  await saveChoice(core, choiceOf(given));
  await deed.record('web_settings_updated', by(deed));
}

function choiceOf({ server_name, public_url, language, registration_open, trusted_proxies }: WebFields): WebChoice {
  return {
    ...read('server_name', server_name, 'at most 60 characters without control characters', text =>
      [...text].length <= NAME_CODE_POINTS && text.isWellFormed() && !/\p{Cc}/u.test(text) ? text : undefined,
    ),
    ...read('public_url', public_url, 'a URL that begins with http:// or https://', parsePublicUrl),
    ...read('language', language, languages.join(' or '), text => languages.find(known => known === text)),
    ...read('registration_open', registration_open, 'true or false', text =>
      YES.includes(text) ? true : NO.includes(text) ? false : undefined,
    ),
    ...read('trusted_proxies', trusted_proxies, 'IP addresses or CIDR ranges, separated by commas', parseAddresses),
  };
}

/** The field, unless it is empty. */
function read<T>(field: keyof WebChoice, text: string, expected: string, parse: (text: string) => T | undefined) {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  const value = parse(trimmed);
  if (value !== undefined) return { [field]: value };
  throw new InvalidInputError(`${field}: expected ${expected}`, { code: 'web_settings_invalid' });
}
