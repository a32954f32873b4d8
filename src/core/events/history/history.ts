import type { Core } from '../../context.ts';
import type { SubmittedEvent } from '../event.ts';
import { removeOrphans } from './orphans.ts';
import { textsFrom } from './read.ts';
import { settle } from './settle.ts';
import { finishPushes, storeEvents } from './store.ts';

/** Loose events that are enough to be put into segments: each of them is read by itself, whoever reads the history. */
const MANY = 500;

/** The shared history of events: it only ever grows. */
export interface History {
  /** Stores events of a member, see `storeEvents`. */
  add(userUuid: string, events: readonly SubmittedEvent[]): Promise<void>;
  /** All of it, or what is from a moment on, see `textsFrom`. Where much lies loose, it is put away afterwards. */
  texts(from?: number): AsyncGenerator<Uint8Array>;
  /** Finishes what pushes have left that broke off, see `finishPushes`. */
  finishPushes(): Promise<void>;
  /** Puts away all that lies loose. */
  settle(): Promise<void>;
  /** Removes what a process has left of segments that died, see `removeOrphans`. */
  removeOrphans(): Promise<void>;
}

/** The history in the storage. */
export function createHistory(core: Core): History {
  let settling = false;
  /** Whether much was met that may have come too late for what is being put away. */
  let again = false;

  function noteLoose(count: number): void {
    if (count < MANY) return;
    again = true;
    if (settling) return;
    settling = true;
    core.background.run(settleAll).finally(() => {
      settling = false;
    });
  }

  async function settleAll(): Promise<void> {
    while (again) {
      again = false;
      await settle(core);
    }
  }

  return {
    add: (userUuid, events) => storeEvents(core, userUuid, events),
    texts: from => textsFrom(core, from, noteLoose),
    finishPushes: () => finishPushes(core),
    settle: () => settle(core),
    removeOrphans: () => removeOrphans(core),
  };
}
