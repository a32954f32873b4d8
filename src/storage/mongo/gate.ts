import { StorageUnavailableError } from '../../base/errors.ts';
import { toStorageError } from './errors.ts';

/** How often the watchdog looks, in milliseconds. */
const TICK_MS = 100;

/** Ticks after which an operation is given up: between 1.6 and 1.7 s, so that a request can say 503 within 2 s. */
const PATIENCE = 17;

/** Ticks of silence after which the server is asked whether it is there, while a long operation runs. */
const SILENCE = 5;

interface Running {
  readonly started: number;
  readonly long: boolean;
  readonly reject: (reason: unknown) => void;
}

type Work<T> = (wanted: () => boolean) => Promise<T>;

/**
 * Every operation passes here: refused unless the storage is open, watched, its errors mapped, waited for by `close`.
 *
 * The driver has no time limit of its own for an operation, and a timer each would cost more than the gate altogether. One
 * coarse timer serves all. It counts ticks, so a stalled event loop delays the limit and does not fail what has already been
 * answered.
 */
export class Gate {
  readonly #ping: () => Promise<unknown>;
  readonly #running = new Set<Running>();
  #refusal: string | undefined = 'the storage is not ready yet';
  #tick = 0;
  /** Tick of the last answer of the server, to whatever. */
  #answered = 0;
  /** Tick at which the last ping was sent, while it is waited for. */
  #pinged: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;

  /** `ping` asks the server for a sign of life. */
  constructor(ping: () => Promise<unknown>) {
    this.#ping = ping;
  }

  /** Lets operations pass from now on. */
  open(): void {
    this.#refusal = undefined;
  }

  /** Refuses operations from now on, saying why; resolves when none is running. */
  async shut(reason: string): Promise<void> {
    this.#refusal = reason;
    if (this.#running.size === 0) return;
    await new Promise<void>(resolve => {
      this.#whenIdle = resolve;
    });
  }

  /**
   * Runs what has to answer, or to fail, in less than 2 s. It may still take effect after it was given up: `wanted` says whether
   * it was not yet.
   */
  short<T>(work: Work<T>): Promise<T> {
    return this.#run(work, false);
  }

  /** Runs what may take long: given up only when the server has answered nothing at all for as long as a short one may take. */
  long<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(work, true);
  }

  /** Runs a short part of a long operation, even while `close` waits for the whole. */
  step<T>(work: () => Promise<T>): Promise<T> {
    return this.#watch(work, false);
  }

  #run<T>(work: Work<T>, long: boolean): Promise<T> {
    if (this.#refusal !== undefined) return Promise.reject(new StorageUnavailableError(this.#refusal));
    return this.#watch(work, long);
  }

  #watch<T>(work: Work<T>, long: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const running: Running = { started: this.#tick, long, reject };
      this.#running.add(running);
      this.#timer ??= setInterval(() => this.#look(), TICK_MS).unref();
      work(() => this.#running.has(running)).then(
        value => {
          this.#answered = this.#tick;
          this.#end(running);
          resolve(value);
        },
        error => {
          this.#end(running);
          reject(toStorageError(error));
        },
      );
    });
  }

  #look(): void {
    this.#tick++;
    for (const running of this.#running) {
      const since = running.long ? Math.max(running.started, this.#answered) : running.started;
      if (running.long && this.#tick - since >= SILENCE) this.#demandSign();
      if (this.#tick - since < PATIENCE) continue;
      this.#end(running);
      running.reject(new StorageUnavailableError());
    }
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #demandSign(): void {
    // A ping the driver never ends must not be the last.
    if (this.#pinged !== undefined && this.#tick - this.#pinged < PATIENCE) return;
    const sent = this.#tick;
    this.#pinged = sent;
    const answer = () => {
      this.#answered = this.#tick;
    };
    this.#ping()
      .then(answer, () => {})
      .finally(() => {
        if (this.#pinged === sent) this.#pinged = undefined;
      });
  }

  #end(running: Running): void {
    this.#running.delete(running);
    if (this.#running.size === 0) this.#whenIdle?.();
  }
}
