/** The errors a caller may see, and those for operators and admins. Status and code come from `error-table.ts`. */

import { errorTable } from './error-table.ts';

/** What an error may carry besides its message. `retryAfter` is in whole seconds. */
export interface ErrorOptions {
  code?: string;
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
  retryAfter?: number;
}

/** Base of all errors that are meant for the caller: never a bug, always with a status and a stable code. */
export abstract class AppError extends Error {
  readonly status: number;
  readonly code: string;
  readonly expose = true;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seconds after which a repetition makes sense; becomes the `Retry-After` header. */
  readonly retryAfter?: number;

  constructor(kind: keyof typeof errorTable, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = kind;
    this.status = errorTable[kind].status;
    this.code = options.code ?? errorTable[kind].code;
    if (options.details) this.details = options.details;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
}

/** A class that has nothing beside its row of the table. */
function kind(name: keyof typeof errorTable) {
  return class extends AppError {
    constructor(message: string, options?: ErrorOptions) {
      super(name, message, options);
    }
  };
}

/** 400: the input breaks a rule. */
export class InvalidInputError extends kind('InvalidInputError') {}
/** 401: no credential, or not a valid one. */
export class UnauthorizedError extends kind('UnauthorizedError') {}
/** 403: the credential does not allow it. */
export class ForbiddenError extends kind('ForbiddenError') {}
/** 404: nothing is there. */
export class NotFoundError extends kind('NotFoundError') {}
/** 410: it was there, and will not be again. */
export class GoneError extends kind('GoneError') {}

/** 405: the path is known, the method is not. `allow` becomes the `Allow` header. */
export class MethodNotAllowedError extends AppError {
  readonly allow: string;
  constructor(allow: string, options?: ErrorOptions) {
    super('MethodNotAllowedError', `this path takes ${allow}`, options);
    this.allow = allow;
  }
}

/** 408: the request took too long to arrive. */
export class RequestTimeoutError extends AppError {
  constructor(options?: ErrorOptions) {
    super('RequestTimeoutError', 'the request took too long to arrive', options);
  }
}

/** 409: the state is not what was expected. In a commit `at` is the index of the write that did not fit. */
export class ConflictError extends AppError {
  readonly at?: number;
  constructor(
    message: string,
    options: ErrorOptions & { at?: number } = {},
    kind: 'ConflictError' | 'DuplicateKeyError' = 'ConflictError',
  ) {
    super(kind, message, options);
    if (options.at !== undefined) this.at = options.at;
  }
}

/** 409: a conflict because a unique value is taken. `index` names the index, `primary` for the primary key; in a commit `at` is the write. */
export class DuplicateKeyError extends ConflictError {
  readonly index: string;
  constructor(index: string, options: ErrorOptions & { at?: number } = {}) {
    super('a unique value is taken', options, 'DuplicateKeyError');
    this.index = index;
  }
}

/** 412: the content is not as the request demands. `etag` is that of the content, if there is any, and becomes the `ETag` header. */
export class PreconditionFailedError extends AppError {
  readonly etag: string | undefined;
  constructor(etag: string | undefined, options?: ErrorOptions) {
    super('PreconditionFailedError', 'the content is not the one that the request demands', options);
    this.etag = etag;
  }
}

/** 413: the body, or the part of it that `place` names, exceeds `limit` bytes, or whatever it is counted in. */
export class PayloadTooLargeError extends AppError {
  constructor(limit: number, options?: ErrorOptions, place?: string, unit = 'bytes') {
    const where = place === undefined ? '' : `${place}: `;
    super('PayloadTooLargeError', `${where}too large: at most ${limit} ${unit} are taken here`, {
      details: { limit },
      ...options,
    });
  }
}

/** 416: the content has `size` bytes, and none of them is in the range. */
export class RangeNotSatisfiableError extends AppError {
  readonly size: number;
  constructor(size: number, options?: ErrorOptions) {
    super('RangeNotSatisfiableError', `the content has ${size} bytes`, options);
    this.size = size;
  }
}

/** 500: a stored content is not what it was. The message is for the log; callers are told that much only. */
export class ContentDamagedError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('ContentDamagedError', 'the content cannot be given out', { ...options, cause: new Error(message) });
  }
}

/** An error under another code, where the contract of an API has one of its own for it. */
export class RenamedError extends AppError {
  constructor(error: AppError, code: string) {
    const { message, details, retryAfter } = error;
    super(error.name as keyof typeof errorTable, message, {
      code,
      cause: error,
      ...(details && { details }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }
}

/** 429: too many attempts, or whatever the message says; again after `retryAfter` seconds. */
export class RateLimitedError extends AppError {
  constructor(retryAfter: number, options?: ErrorOptions, message = `too many attempts; try again in ${retryAfter} s`) {
    super('RateLimitedError', message, { ...options, retryAfter });
  }
}

/** 422: a plugin refuses it. A code that is none of lower_snake_case is `refused`. */
export class PluginRefusedError extends AppError {
  constructor(message: string, code?: unknown) {
    const own = typeof code === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(code) ? { code } : {};
    super('PluginRefusedError', message || 'a plugin of this server refuses it', own);
  }
}

/** 500: a plugin failed; which and why is in the log. */
export class PluginFailedError extends AppError {
  constructor() {
    super('PluginFailedError', 'a plugin of this server failed');
  }
}

/** 501: the engine, as it is set up here, cannot do this. */
export class NotSupportedError extends kind('NotSupportedError') {}

/** 422: what was sent is well formed, and cannot be done all the same. */
export class UnprocessableError extends kind('UnprocessableError') {}

/** 503: the plugins did not answer in time; again after `retryAfter` seconds. */
export class PluginTimeoutError extends AppError {
  constructor(retryAfter: number, options?: ErrorOptions) {
    super('PluginTimeoutError', 'a plugin of this server did not answer in time', { retryAfter, ...options });
  }
}

/** 503: others would have to be done first, for too long; again after `retryAfter` seconds. */
export class ServerBusyError extends AppError {
  constructor(retryAfter: number, { message, cause }: { message?: string; cause?: unknown } = {}) {
    super('ServerBusyError', message ?? `the server is busy; try again in ${retryAfter} s`, { retryAfter, cause });
  }
}

/** 503: the engine does not answer. */
export class StorageUnavailableError extends AppError {
  constructor(message = 'the storage does not answer at the moment', options?: ErrorOptions) {
    super('StorageUnavailableError', message, { retryAfter: 1, ...options });
  }
}

/** 503: the operator has said that nothing may be written for now (`[APP] read_only`). */
export class ReadOnlyError extends AppError {
  constructor() {
    super('ReadOnlyError', 'the server takes no changes for now: it is being moved or looked after; reading goes on', {
      retryAfter: 30,
    });
  }
}

/** 507: the account has no room for more: it has `used` of `limit` bytes or keys. */
export class QuotaExceededError extends AppError {
  constructor(unit: 'bytes' | 'keys', used: number, limit: number) {
    super(
      'QuotaExceededError',
      `the account has no room: its values, punches, dotfiles and operations are ${used} ${unit} of at most ${limit}; ` +
        `delete some, or have [LIMITS] account_${unit} raised`,
      { details: { unit, used, limit } },
    );
  }
}

/** The server cannot start as things are (configuration, data). `message` is for the operator and says what to do. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** A mail did not go away. `message` is for an admin; it holds neither the password of the mail server nor the recipient. */
export class MailError extends Error {
  override readonly name = 'MailError';
}
