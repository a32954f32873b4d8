import { spawn } from 'node:child_process';
import type { Log } from '../base/log.ts';

/**
 * Tells systemd the state of this process (sd_notify(3): `READY=1`), where it asks to be told (`Type=notify`). It wants a
 * datagram on a Unix socket, which Node cannot send; systemd's own program can. Never throws.
 */
export function tellSystemd(state: string, environment: NodeJS.ProcessEnv, log: Log): void {
  if (!environment.NOTIFY_SOCKET) return;
  const failed = (why: string) => log.warn({ state }, `systemd is not told how it goes: systemd-notify ${why}`);
  const child = spawn('systemd-notify', [state], { env: environment, stdio: 'ignore' });
  child.once('error', error => failed(error.message));
  child.once('exit', code => {
    if (code !== 0) failed(`ends with code ${code}`);
  });
}
