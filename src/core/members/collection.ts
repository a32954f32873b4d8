import type { CollectionSpec } from '../../storage/port.ts';

/** The access rules: one document, `id` is `acl`. */
export interface AclDoc {
  id: string;
  /** JSON text of the list of rules. */
  rules: string;
  /** Another one after each change, whoever made it; absent until the first that sets one. */
  version?: string;
}

export const aclSpec: CollectionSpec<AclDoc> = { name: 'simple_sync_acl', key: ['id'] };
