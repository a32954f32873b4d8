import { StartupError } from '../../base/errors.ts';
import { EXIT } from '../../terminal/exit-codes.ts';

/** A command did not do what it was asked. The message is one sentence that says what to do next; the process ends with `exitCode`. */
export class CommandError extends StartupError {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
