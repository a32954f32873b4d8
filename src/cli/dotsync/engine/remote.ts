import { type Line, readLines } from './lines.ts';

/** A list of files that belong together, as the server has it (contract, section 2). */
export interface SyncConfig {
  readonly id: string;
  readonly git: unknown;
  readonly files: readonly string[];
  readonly created: number;
  readonly updated: number;
}

/** What a machine says about a file (contract, section 4). */
export interface Entry {
  readonly path: string;
  readonly base?: string;
  /** Base64. */
  readonly content?: string;
  readonly mode?: string;
}

/** The server, as far as files are synced with it. Throws errors of the client library. */
export interface Remote {
  /** All configs of the account, oldest first. */
  configs(signal?: AbortSignal): Promise<SyncConfig[]>;
  /** Undefined: the account has none of this id. */
  config(id: string, signal?: AbortSignal): Promise<SyncConfig | undefined>;
  /** Makes one without files; gives its id. */
  create(): Promise<string>;
  /** Replaces the files of a config. */
  replace(config: SyncConfig, files: readonly string[]): Promise<void>;
  /** Syncs one config. The lines end when the answer does, with `done` or without. */
  sync(id: string, entries: readonly Entry[], signal?: AbortSignal): AsyncIterable<Line>;
}

/** Sends a request with the token, and again where that is safe; throws an error with `status` unless the answer is a good one. */
export type Request = (
  method: string,
  path: string,
  options?: { body?: string; headers?: Record<string, string>; idempotent?: boolean; signal?: AbortSignal },
) => Promise<Response>;

const JSON_BODY = { 'Content-Type': 'application/json' };

/** The server behind a client. */
export function remoteOf(request: Request): Remote {
  const signalled = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });
  return {
    async configs(signal) {
      const answer = await request('GET', '/v1/config', signalled(signal));
      return (await answer.json()) as SyncConfig[];
    },
    async config(id, signal) {
      const path = `/v1/config/${encodeURIComponent(id)}`;
      const answer = await request('GET', path, signalled(signal)).catch(error => {
        if (statusOf(error) === 404) return undefined;
        throw error;
      });
      return (await answer?.json()) as SyncConfig | undefined;
    },
    async create() {
      const answer = await request('POST', '/v1/config', { body: '{"files":[]}', headers: JSON_BODY });
      return ((await answer.json()) as { id: string }).id;
    },
    async replace({ id, git }, files) {
      const body = JSON.stringify({ git, files });
      const answer = await request('PUT', `/v1/config/${id}`, { body, headers: JSON_BODY, idempotent: true });
      await answer.arrayBuffer();
    },
    async *sync(id, entries, signal) {
      // The answer may take long, but not stand still: whoever waits for its next bytes in vain has lost the server.
      const watch = new AbortController();
      const both = signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]);
      const body = JSON.stringify({ files: entries });
      // Sending a sync again does no harm: what was stored is unchanged then.
      const options = { body, headers: JSON_BODY, idempotent: true, signal: both };
      const answer = await request('POST', `/v1/sync/${id}`, options);
      yield* readLines(answer.body, () => watch.abort(new Error('the server stopped in the middle of its answer')));
    },
  };
}

/** The status of an answer that was an error; 0 when no answer came; undefined when the error is none of the client. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
