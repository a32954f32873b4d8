/** The contract of `src/storage/port.ts`: every engine passes every case. */

import type { Engine } from '../../support/engines.ts';
import { allContract } from './all.ts';
import { blobAcceptContract } from './blob-accept.ts';
import { blobAgeContract } from './blob-age.ts';
import { blobsContract } from './blobs.ts';
import { commitContract } from './commit.ts';
import { commitManyContract } from './commit-many.ts';
import { commitRacesContract } from './commit-races.ts';
import { copiesContract } from './copies.ts';
import { counterContract } from './counter.ts';
import { deleteContract } from './delete.ts';
import { expiryContract } from './expiry.ts';
import { faultsContract } from './faults.ts';
import { getManyContract } from './get-many.ts';
import { keptContract } from './kept.ts';
import { keysContract } from './keys.ts';
import { lifecycleContract } from './lifecycle.ts';
import { orderContract } from './order.ts';
import { pagingContract } from './paging.ts';
import { putOverContract } from './put-over.ts';
import { scanContract } from './scan.ts';
import { secretContract } from './secret.ts';
import { sizeContract } from './size.ts';
import { stateContract } from './state.ts';
import { sumContract } from './sum.ts';
import { textsContract } from './texts.ts';
import { toldContract } from './told.ts';
import { uniqueContract } from './unique.ts';
import { updateContract } from './update.ts';
import { valuesContract } from './values.ts';

/** Registers every case for one engine. */
export function storageContract(engine: Engine): void {
  keysContract(engine);
  getManyContract(engine);
  orderContract(engine);
  valuesContract(engine);
  putOverContract(engine);
  uniqueContract(engine);
  scanContract(engine);
  pagingContract(engine);
  textsContract(engine);
  allContract(engine);
  updateContract(engine);
  deleteContract(engine);
  expiryContract(engine);
  keptContract(engine);
  toldContract(engine);
  counterContract(engine);
  secretContract(engine);
  commitContract(engine);
  commitManyContract(engine);
  commitRacesContract(engine);
  copiesContract(engine);
  blobsContract(engine);
  blobAcceptContract(engine);
  blobAgeContract(engine);
  sizeContract(engine);
  stateContract(engine);
  sumContract(engine);
  lifecycleContract(engine);
  faultsContract(engine);
}
