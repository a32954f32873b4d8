import { createAudit } from '../../core/audit/record.ts';
import { CREDENTIAL_BODY } from '../../http/body/body.ts';
import type { Dialect } from '../dialect.ts';
import { authRoutes } from './accounts/auth-routes.ts';
import { userRoutes } from './accounts/user-routes.ts';
import { adminRoutes } from './admin/routes.ts';
import { blobRoutes } from './blobs/routes.ts';
import { fieldsReader } from './body.ts';
import { operationsSpec, pushesSpec } from './collections.ts';
import type { Verstak } from './context.ts';
import { clientRoutes } from './devices/routes.ts';
import type { VerstakSettings } from './settings.ts';
import { recountVaults } from './sync/recount.ts';
import { syncRoutes } from './sync/routes.ts';

/** The API of the Verstak desktop: devices, a log of operations, blobs, accounts with e-mail (docs/dialects/verstak.md). */
export const verstak: Dialect<VerstakSettings> = {
  name: 'verstak',
  collections: [operationsSpec, pushesSpec],
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
        ...userRoutes(opened),
        ...adminRoutes(opened),
        ...blobRoutes(opened),
        ...syncRoutes(opened),
      ],
      tidy: () => recountVaults(deps.core),
    };
  },
};
