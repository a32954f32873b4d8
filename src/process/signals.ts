/** Signals, heard from the first moment on: what comes while the program still loads waits until somebody can act on it. */

import inspector from 'node:inspector';

/** Ask for the end. SIGQUIT would leave a memory dump, with all that is secret, behind. */
const ENDS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** Milliseconds in which further signals belong to the first: `npm` and terminals send more than one for one key. */
const SAME_REQUEST = 200;

/** End a process that does not listen to them (SIGUSR2), or open Node's debugger (SIGUSR1): they mean nothing here. */
const IDLE = ['SIGUSR1', 'SIGUSR2'] as const;

/** Who acts on signals. Of each kind there is one; until it is there, requests to reload wait. */
export interface Signals {
  /** `reload` is called for each SIGHUP, and now if some came earlier. */
  onReload(reload: () => void): void;
  /** `stop` is called for each signal that asks for the end, once for those that come together. */
  onStop(stop: (signal: NodeJS.Signals) => void): void;
}

/** Listens to all signals that would end the process or open a debugger. `end` is what a request to stop does until `onStop`. */
export function hearSignals(end: () => void): Signals {
  let waiting = false;
  let reload = () => {
    waiting = true;
  };
  let stop: (signal: NodeJS.Signals) => void = end;
  let asked = Number.NEGATIVE_INFINITY;
  process.on('SIGHUP', () => reload());
  for (const name of ENDS) {
    process.on(name, () => {
      if (performance.now() - asked < SAME_REQUEST) return;
      asked = performance.now();
      stop(name);
    });
  }
  for (const name of IDLE) process.on(name, () => {});
  closeDebugger();
  return {
    onReload(handler) {
      reload = handler;
      if (waiting) reload();
      waiting = false;
    },
    onStop(handler) {
      stop = handler;
    },
  };
}

/** SIGUSR1 may have come before any line of ours ran. Whoever asked Node for a debugger keeps it. */
function closeDebugger(): void {
  const options = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  if (!/--inspect(-brk|-wait)?(=|\s|$)/.test(options)) inspector.close();
}
