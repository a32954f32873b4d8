/** People and admins who are signed in at a browser. */

import { createAccount, type NewAccount } from '../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../src/core/collections.ts';
import { newName } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newVisitor, type Visitor } from './visitor.ts';

export const PASSWORD = 'correct horse';

/** Limits that no test reaches by itself. */
export const ROOMY = {
  VERSTAK_LOGIN_ATTEMPTS: '1000',
  VERSTAK_REGISTER_ATTEMPTS: '1000',
  VERSTAK_FORGOT_ATTEMPTS: '1000',
  VERSTAK_RESET_ATTEMPTS: '1000',
  VERSTAK_TEST_ATTEMPTS: '1000',
  VERSTAK_PAIR_ATTEMPTS: '1000',
};

/** Somebody signed in. */
export interface Guest extends Visitor {
  readonly account: AccountDoc;
}

/** An account and a browser in which it has signed in, at its dashboard. */
export async function newGuest(server: TestServer, given: Partial<NewAccount> = {}): Promise<Guest> {
  const account = await createAccount(server.core, { username: newName(), password: PASSWORD, ...given });
  return signedIn(server, account, '/login');
}

/** An admin and a browser in which he has signed in. */
export async function newAdminGuest(server: TestServer, given: Partial<NewAccount> = {}): Promise<Guest> {
  const account = await createAccount(server.core, { username: newName(), password: PASSWORD, admin: true, ...given });
  return signedIn(server, account, '/admin/login');
}

async function signedIn(server: TestServer, account: AccountDoc, path: string): Promise<Guest> {
  const visitor = newVisitor(server);
  await visitor.visit(path);
  const seen = await visitor.submit(path, { username: account.username ?? '', password: PASSWORD });
  if (seen.status !== 303) throw new Error(`signing in answers ${seen.status}: ${seen.text}`);
  return { ...visitor, account };
}
