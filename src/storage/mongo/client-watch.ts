import { setTimeout as pause } from 'node:timers/promises';
import type { MongoClient } from 'mongodb';
import type { Log } from '../../base/log.ts';

/** How often the watch looks, and how long it waits between two attempts to connect, in milliseconds. */
const TICK_MS = 1000;

/** Ticks for which a command may keep its connection before that counts as lost. */
const LOST = 60;

/**
 * Connects a client anew when the driver has got stuck, which it does not notice itself.
 *
 * A command written to a socket that has ended, but has not said so yet, is neither answered nor failed: the driver waits for
 * the socket to drain, for ever. When that hits the heartbeat after a lost connection, the server is never looked at again and
 * every operation fails although the server is back. When it hits an operation, its connection never returns to the pool.
 * Closing the client and connecting it drops all that; collections stay usable.
 *
 * It counts ticks, so a stalled event loop makes nothing look overdue.
 */
export class ClientWatch {
  readonly #client: MongoClient;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  /** Ticks after which a heartbeat is overdue when no server has answered one either: nothing is lost by connecting anew. */
  readonly #patience: number;
  /** The same when other servers answer: the longest a heartbeat can take, connecting included. */
  readonly #longPatience: number;
  /** Lost connections at which a pool is taken for exhausted: some are left to work with before. */
  readonly #bearable: number;
  /** Heartbeats under way: server address to the tick at which it started. */
  readonly #heartbeats = new Map<string, number>();
  /** Connections in use: server address and number to the tick at which it was taken from the pool. */
  readonly #inUse = new Map<string, number>();
  #tick = 0;
  /** Tick of the last heartbeat that any server answered. */
  #answered = 0;
  #reconnecting: Promise<void> | undefined;

  /** Watches until `signal` is aborted. */
  constructor(client: MongoClient, signal: AbortSignal, log: Log) {
    const { connectTimeoutMS, heartbeatFrequencyMS, maxPoolSize } = client.options;
    this.#client = client;
    this.#signal = signal;
    this.#log = log;
    // One answer is waited for `connectTimeoutMS`, or that and `heartbeatFrequencyMS` where the server holds it back until
    // there is news. A new connection takes as long to be made, before the answer.
    this.#patience = Math.ceil((connectTimeoutMS + heartbeatFrequencyMS) / TICK_MS) + 2;
    this.#longPatience = Math.ceil((2 * connectTimeoutMS + heartbeatFrequencyMS) / TICK_MS) + 2;
    this.#bearable = maxPoolSize === 0 ? Number.POSITIVE_INFINITY : maxPoolSize / 2;
    this.#listen();
    const timer = setInterval(() => this.#look(), TICK_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** Resolves when no attempt to connect is under way. */
  async idle(): Promise<void> {
    await this.#reconnecting;
  }

  #listen(): void {
    this.#client
      .on('serverHeartbeatStarted', ({ connectionId }) => this.#heartbeats.set(connectionId, this.#tick))
      .on('serverHeartbeatFailed', ({ connectionId }) => this.#heartbeats.delete(connectionId))
      .on('serverHeartbeatSucceeded', ({ connectionId }) => {
        this.#answered = this.#tick;
        this.#heartbeats.delete(connectionId);
      })
      .on('serverClosed', ({ address }) => this.#heartbeats.delete(address)) // it has left the replica set
      .on('connectionCheckedOut', ({ address, connectionId }) =>
        this.#inUse.set(`${address} ${connectionId}`, this.#tick),
      )
      .on('connectionCheckedIn', ({ address, connectionId }) => this.#inUse.delete(`${address} ${connectionId}`))
      .on('connectionPoolClosed', ({ address }) => this.#forgetPool(address));
  }

  #forgetPool(address: string): void {
    for (const connection of this.#inUse.keys()) {
      if (connection.startsWith(`${address} `)) this.#inUse.delete(connection);
    }
  }

  #look(): void {
    this.#tick++;
    if (this.#reconnecting !== undefined) return;
    const reason = this.#stuck();
    if (reason === undefined) return;
    this.#log.warn({}, `the MongoDB driver is stuck (${reason}); connecting anew`);
    this.#reconnecting = this.#reconnect().finally(() => {
      this.#reconnecting = undefined;
    });
  }

  /** Says why the client has to be connected anew. */
  #stuck(): string | undefined {
    const patience = this.#tick - this.#answered >= this.#patience ? this.#patience : this.#longPatience;
    for (const [address, started] of this.#heartbeats) {
      if (this.#tick - started >= patience) return `a heartbeat of ${address} has no end`;
    }
    let lost = 0;
    for (const taken of this.#inUse.values()) if (this.#tick - taken >= LOST) lost++;
    return lost >= this.#bearable ? `${lost} connections do not return to the pool` : undefined;
  }

  /** Never rejects. The storage closes the client after this, so what is connected too late is closed all the same. */
  async #reconnect(): Promise<void> {
    for (let logged = false; !this.#signal.aborted; logged = true) {
      try {
        await this.#client.close();
        this.#signal.throwIfAborted();
        await this.#client.connect();
        this.#log.info({}, 'connected to MongoDB anew');
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : '';
        if (!logged && !this.#signal.aborted) this.#log.warn({ reason }, 'MongoDB cannot be reached; trying again');
      }
      await pause(TICK_MS, undefined, { signal: this.#signal, ref: false }).catch(() => {});
    }
  }
}
