import type { Dialect } from '../dialect.ts';
import { adminRoutes } from './admin-routes.ts';
import { createAudit } from './audit.ts';
import { authRoutes } from './auth-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import { fieldsReader } from './body.ts';
import { clientRoutes } from './client-routes.ts';
import { auditSpec, devicesSpec, operationsSpec, pushesSpec, vaultsSpec } from './collections.ts';
import { confirmRoutes } from './confirm-routes.ts';
import type { Verstak } from './context.ts';
import { tidy } from './retention.ts';
import type { VerstakSettings } from './settings.ts';
import { syncRoutes } from './sync-routes.ts';
import { userRoutes } from './user-routes.ts';

/** The API of the Verstak desktop: devices, a log of operations, blobs, accounts with e-mail (docs/dialects/verstak.md). */
export const verstak: Dialect<VerstakSettings> = {
  name: 'verstak',
  collections: [devicesSpec, vaultsSpec, operationsSpec, pushesSpec, auditSpec],
  open(deps) {
    const opened: Verstak = {
      ...deps,
      audit: createAudit(deps),
      readFields: fieldsReader(deps.settings().body_bytes),
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
      tidy: () => tidy(opened),
    };
  },
};
