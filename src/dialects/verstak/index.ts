import { createAudit } from '../../core/audit.ts';
import { CREDENTIAL_BODY } from '../../middleware/body.ts';
import type { Dialect } from '../dialect.ts';
import { adminRoutes } from './admin-routes.ts';
import { authRoutes } from './auth-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import { fieldsReader } from './body.ts';
import { clientRoutes } from './client-routes.ts';
import { operationsSpec, pushesSpec, vaultsSpec } from './collections.ts';
import { confirmRoutes } from './confirm-routes.ts';
import type { Verstak } from './context.ts';
import type { VerstakSettings } from './settings.ts';
import { syncRoutes } from './sync-routes.ts';
import { userRoutes } from './user-routes.ts';
import { recountVaults } from './vaults.ts';

/** The API of the Verstak desktop: devices, a log of operations, blobs, accounts with e-mail (docs/dialects/verstak.md). */
export const verstak: Dialect<VerstakSettings> = {
  name: 'verstak',
  collections: [vaultsSpec, operationsSpec, pushesSpec],
  open(deps) {
    const opened: Verstak = {
      ...deps,
      audit: createAudit(deps.core, deps.clientAddress),
      readFields: fieldsReader(CREDENTIAL_BODY),
    };
    return {
      routes: [
        ...clientRoutes(opened),
        ...authRoutes(opened),
        ...confirmRoutes(opened),
        ...userRoutes(opened),
        ...adminRoutes(opened),
        ...blobRoutes(opened),
        ...syncRoutes(opened),
      ],
      tidy: () => recountVaults(deps.core),
    };
  },
};
