/** What a server process does by itself, from time to time. */

import type { Application } from '../app.ts';
import type { Log } from '../base/log.ts';
import { resumeErasures } from '../core/accounts/erase.ts';
import type { Core } from '../core/context.ts';
import { refreshMeters } from '../core/quotas/meters.ts';

/** Milliseconds between two looks for unregistered accounts whose data is not all gone. */
const ERASE_PAUSE = 30_000;

/** Milliseconds between two looks at what accounts store: what others have stored is known in less than a minute. */
const METER_PAUSE = 15_000;

/** Milliseconds between two rounds of housekeeping. */
const TIDY_PAUSE = 3_600_000;

/** Milliseconds between two looks at what admins have chosen at other processes. */
const REFRESH_PAUSE = 3_000;

/** Milliseconds between two looks for values that have expired: whoever follows is told within a minute. */
const EXPIRE_PAUSE = 20_000;

/** Milliseconds between two looks for mails that are due. */
const MAIL_PAUSE = 30_000;

/** Whose rounds they are. */
export interface Rounds {
  readonly app: Pick<Application, 'tidy' | 'sendMails' | 'expire' | 'refresh'>;
  readonly core: Core;
  readonly log: Log;
  /** Ends them. */
  readonly stopping: AbortSignal;
  /** Has something done again and again, with so many milliseconds in between, and returns what ends it; absent: by the time of the system. */
  readonly every?: Every;
}

/** A timer. */
export type Every = (work: () => void, pause: number) => () => void;

/** Begins them; to be called once everything is prepared. */
export function beginRounds({ app, core, log, stopping, every = everySo }: Rounds): void {
  const resume = () => resumeErasures(core).catch(error => log.warn({ err: error }, 'erasing goes on later'));
  const send = () => app.sendMails(stopping);
  const expire = () => core.background.run(() => app.expire(stopping));
  const meter = () =>
    refreshMeters(core).catch(error => {
      if (!stopping.aborted) log.warn({ err: error }, 'what is stored is counted later');
    });
  const regularly = (work: () => Promise<void>, pause: number) => {
    const end = every(() => void work(), pause);
    stopping.addEventListener('abort', end);
  };
  /** What the server does by itself writes: it waits while nothing may be written. */
  const own = (work: () => Promise<void>, pause: number, first = work) => {
    const unlessReadOnly = (todo: () => Promise<void>) => async () => {
      if (!core.settings.readOnly()) await todo();
    };
    void unlessReadOnly(first)();
    regularly(unlessReadOnly(work), pause);
  };
  own(resume, ERASE_PAUSE);
  own(
    () => app.tidy(),
    TIDY_PAUSE,
    () => app.tidy('atStart'),
  );
  own(send, MAIL_PAUSE);
  own(expire, EXPIRE_PAUSE);
  regularly(() => app.refresh(), REFRESH_PAUSE);
  own(meter, METER_PAUSE, async () => {});
}

function everySo(work: () => void, pause: number): () => void {
  const timer = setInterval(work, pause);
  timer.unref();
  return () => clearInterval(timer);
}
