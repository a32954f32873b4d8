/** Flags of the command line as a source of options. */

import { decode, type Found, type Given, readSecretFile, type Source, secretText, unreadable } from './source.ts';

/** What the command line says about options; at most one of the three that give the admin's password. */
export interface Flags {
  readonly listen?: string | undefined;
  readonly port?: string | undefined;
  /** A folder. */
  readonly data?: string | undefined;
  readonly adminUser?: string | undefined;
  readonly adminPass?: string | undefined;
  readonly adminPassFile?: string | undefined;
  readonly adminPassStdin?: boolean;
}

/** The flags in the form of a {@link Source}. `readInput` gives all of the standard input; it is called at most once. */
export async function readFlags(flags: Flags, readInput: () => Promise<Uint8Array>, directory = '.'): Promise<Source> {
  const { listen, port, data, adminUser, adminPass, adminPassFile: path, adminPassStdin } = flags;
  const given: Given[] = [];
  const warnings: string[] = [];
  const give = (section: string, key: string, where: string, found: Found) =>
    given.push({ section, key, where, found });
  if (listen !== undefined) give('APP', 'host', '--listen', { text: listen });
  if (port !== undefined) give('APP', 'port', '--port', { text: port });
  if (data !== undefined) give('STORE', 'host', '--data', { text: `file:${data}` });
  if (adminUser !== undefined) give('ADMIN', 'username', '--admin-user', { text: adminUser });
  if (adminPass !== undefined) {
    give('ADMIN', 'password', '--admin-pass', { text: adminPass });
    warnings.push(
      '--admin-pass: whoever may list processes sees the password; better are --admin-pass-file and --admin-pass-stdin',
    );
  }
  if (path !== undefined) {
    const named = '--admin-pass-file';
    give('ADMIN', 'password', named, await readSecretFile({ path, named }, directory));
  }
  if (adminPassStdin) give('ADMIN', 'password', '--admin-pass-stdin', await readSecretInput(readInput));
  return { given, problems: [], warnings };
}

async function readSecretInput(readInput: () => Promise<Uint8Array>): Promise<Found> {
  const from = '--admin-pass-stdin: the standard input';
  try {
    return secretText(decode(await readInput()), from);
  } catch (error) {
    return { problem: `${from} ${unreadable(error)}` };
  }
}
