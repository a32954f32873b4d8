import type { Core } from '../../core/context.ts';
import { DuplicateKeyError } from '../../errors.ts';
import { type Rule, readAcl } from './acl.ts';
import { aclSpec } from './collections.ts';

const ID = 'acl';

/** The rules in force, as the JSON text of a list. A fresh store is given those of `initialAcl`, the text of a document. */
export async function loadRules(core: Core, initialAcl: string): Promise<string> {
  const stored = core.storage.collection(aclSpec);
  const doc = await stored.get([ID]);
  if (doc) return doc.rules;
  const rules = JSON.stringify(readAcl(JSON.parse(initialAcl)));
  try {
    await stored.insert({ id: ID, rules });
    return rules;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    return loadRules(core, initialAcl); // another process was faster
  }
}

/** Puts these rules in place of all others. */
export async function storeRules(core: Core, rules: readonly Rule[]): Promise<void> {
  await core.storage.collection(aclSpec).put({ id: ID, rules: JSON.stringify(rules) });
}
