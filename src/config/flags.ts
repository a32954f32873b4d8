/** Flags of the command line as a source of options. */

import { decode, type Found, type Given, readSecretFile, type Source, secretText, unreadable } from './source.ts';

/** What the command line says about the admin's account; at most one of the last three. */
export interface AdminFlags {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly passFile?: string | undefined;
  readonly passStdin?: boolean;
}

/** The flags in the form of a {@link Source}. `readInput` gives all of the standard input; it is called at most once. */
export async function readFlags(
  { user, pass, passFile, passStdin }: AdminFlags,
  readInput: () => Promise<Uint8Array>,
  directory = '.',
): Promise<Source> {
  const given: Given[] = [];
  const warnings: string[] = [];
  const give = (key: string, where: string, found: Found) => given.push({ section: 'ADMIN', key, where, found });
  if (user !== undefined) give('username', '--admin-user', { text: user });
  if (pass !== undefined) {
    give('password', '--admin-pass', { text: pass });
    warnings.push(
      '--admin-pass: whoever may list processes sees the password; better are --admin-pass-file and --admin-pass-stdin',
    );
  }
  if (passFile !== undefined) {
    const named = '--admin-pass-file';
    give('password', named, await readSecretFile({ path: passFile, named }, directory));
  }
  if (passStdin) give('password', '--admin-pass-stdin', await readSecretInput(readInput));
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
