/** What goes wrong, as programs see it. Codes of the server are those of docs/errors.md. */

/** What is known of a failure beside its sentence. */
export interface Failure {
  readonly status?: number;
  readonly code: string;
  readonly details?: unknown;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A request that failed. */
export class KeybinError extends Error {
  /** Of the answer; 0: there was none. */
  readonly status: number;
  /**
   * That of the server (docs/errors.md). Without an answer of it: `network`, `timeout`, `not_json`, `redirected`, `lock_lost`, or
   * `http_<status>` of something in between.
   */
  readonly code: string;
  readonly details: unknown;
  /** By which the server's log names the request. */
  readonly requestId: string | undefined;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;
  /** An earlier try of the same request had no answer: it may have done what was asked. */
  repeated = false;

  constructor(message: string, { status = 0, code, details, requestId, retryAfter, cause }: Failure) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** 410 `cursor_gone`: the history no longer reaches back to the cursor, or it is of other data. List again, then follow. */
export class CursorGoneError extends KeybinError {}

/** 412: the value is not as `ifMatch`, `ifAbsent` or `ifNoneMatch` demands. */
export class ConditionError extends KeybinError {
  /** The ETag of what is there; undefined: nothing is. */
  readonly currentEtag: string | undefined;

  constructor(message: string, failure: Failure, currentEtag: string | undefined) {
    super(message, failure);
    this.currentEtag = currentEtag;
  }
}

/** The error that an answer is. Reads its body. */
export async function errorOf(response: Response): Promise<KeybinError> {
  const { status, headers } = response;
  const body = parsed(await response.text());
  const failure = {
    status,
    code: body.code ?? `http_${status}`,
    details: body.details,
    requestId: body.request_id ?? headers.get('X-Request-Id') ?? undefined,
    retryAfter: secondsOf(headers.get('Retry-After')),
  };
  const message = body.error ?? `the server answered ${status}`;
  if (failure.code === 'cursor_gone') return new CursorGoneError(message, failure);
  if (status !== 412) return new KeybinError(message, failure);
  return new ConditionError(message, failure, body.details?.current_etag ?? headers.get('ETag') ?? undefined);
}

/** Refuses a call that no request can be made of. */
export function refusal(code: string, message: string): KeybinError {
  return new KeybinError(message, { status: 400, code });
}

interface ErrorBody {
  readonly error?: string;
  readonly code?: string;
  readonly request_id?: string;
  readonly details?: { readonly current_etag?: string };
}

function parsed(text: string): ErrorBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** `Retry-After` is seconds or a moment (RFC 9110, section 10.2.3). */
function secondsOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
