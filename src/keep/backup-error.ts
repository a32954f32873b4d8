import { StartupError } from '../base/errors.ts';

/** A backup cannot be read, or not by this program. The message is a sentence for the operator. */
export class BackupError extends StartupError {}
