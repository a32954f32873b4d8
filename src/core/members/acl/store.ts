import { DuplicateKeyError, ReadOnlyError } from '../../../base/errors.ts';
import { parseOwnJson } from '../../../base/json/parse.ts';
import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { aclSpec } from '../collection.ts';
import { type Permissions, permissionsOf, type Rule, readAcl } from './acl.ts';

/** The `id` of the only document. */
export const ACL_ID = 'acl';

/** The rules as somebody saw them. */
export interface Acl {
  readonly rules: readonly Rule[];
  /** Tells them from what they are after a change; '' where no change has set one. */
  readonly version: string;
}

/** The rules in force. */
export interface AclStore {
  /** As the JSON text of a list. A fresh store is given those of the configuration. */
  text(): Promise<string>;
  permissions(): Promise<Permissions>;
  /** Puts these rules in place of all others. */
  replace(rules: readonly Rule[]): Promise<void>;
}

/** The rules in the storage; `initialAcl` gives the text of the document that a fresh one begins with. */
export function createAclStore(core: Core, initialAcl: () => string): AclStore {
  /** Sorting them takes longer than reading them: done once for each change, whichever process made it. */
  let sorted: { readonly text: string; readonly permissions: Promise<Permissions> } | undefined;

  async function text(): Promise<string> {
    const stored = core.storage.collection(aclSpec);
    const doc = await stored.get([ACL_ID]);
    if (doc) return doc.rules;
    const rules = JSON.stringify(await readAcl(JSON.parse(initialAcl())));
    try {
      await stored.insert({ id: ACL_ID, rules, version: newId() });
      return rules;
    } catch (error) {
      if (error instanceof ReadOnlyError) return rules;
      if (!(error instanceof DuplicateKeyError)) throw error;
      return text(); // another process was faster
    }
  }

  return {
    text,
    async permissions() {
      const present = await text();
      if (sorted?.text !== present) sorted = { text: present, permissions: sort(present) };
      return sorted.permissions;
    },
    async replace(rules) {
      await core.storage.collection(aclSpec).put({ id: ACL_ID, rules: JSON.stringify(rules), version: newId() });
    },
  };
}

/** What was parsed last: thousands of rules take a while. */
const known = new WeakMap<Core, { readonly text: string; readonly rules: readonly Rule[] }>();

/** The rules in force, for somebody who looks at them or changes them. */
export async function loadAcl(core: Core): Promise<Acl> {
  const { rules: text = '[]', version = '' } = (await core.storage.collection(aclSpec).get([ACL_ID])) ?? {};
  const last = known.get(core);
  if (last?.text === text) return { rules: last.rules, version };
  const rules = await parsed(text);
  known.set(core, { text, rules });
  return { rules, version };
}

async function sort(rules: string): Promise<Permissions> {
  return permissionsOf(await parsed(rules));
}

/** The rules may be some megabytes. */
async function parsed(rules: string): Promise<Rule[]> {
  return (await parseOwnJson(rules)) as Rule[];
}
