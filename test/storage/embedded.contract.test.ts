import { forEachEngine } from '../support/engines.ts';
import { storageContract } from './contract/index.ts';

forEachEngine('storage contract', storageContract, ['embedded']);
