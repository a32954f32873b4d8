import { StartupError } from '../../../base/errors.ts';
import type { Meta } from '../opening/layout.ts';

/** Key in the facts about the folder: how far it is filled, while it is. */
const FILLING = 'filling';

/** How far a copy is in. */
export interface Mark {
  readonly copy: string;
  readonly position: number;
}

/** The copy that has been begun; undefined where none is. */
export function markIn(meta: Meta): Mark | undefined {
  return meta.get(FILLING) as Mark | undefined;
}

/** Notes how far it is; undefined: it has ended. To be called in a transaction. */
export function note(meta: Meta, mark: Mark | undefined): void {
  if (mark === undefined) meta.remove(FILLING);
  else meta.put(FILLING, mark);
}

/** Throws `StartupError` while a folder holds a part of a copy. */
export function demandFilled(meta: Meta, folder: string): void {
  if (markIn(meta) === undefined) return;
  throw new StartupError(
    `a copy into the data folder ${folder} was begun and has not ended: run the same \`keybin-server restore\` or \`migrate\` again, ` +
      'which goes on where it stopped, or remove the folder',
  );
}
