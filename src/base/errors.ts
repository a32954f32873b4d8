/** Every error a caller may see. The table below is the whole truth; `docs/errors.md` is rendered from it. */

/** Classes of error, with their HTTP status and the code used when a more precise one is not given. */
export const errorTable = {
  InvalidInputError: { status: 400, code: 'invalid_input', means: 'The request breaks a rule; the message names it.' },
  UnauthorizedError: { status: 401, code: 'unauthorized', means: 'No credential was given, or it is not valid.' },
  ForbiddenError: { status: 403, code: 'forbidden', means: 'The credential does not allow this.' },
  NotFoundError: { status: 404, code: 'not_found', means: 'There is nothing at this path.' },
  MethodNotAllowedError: { status: 405, code: 'method_not_allowed', means: 'The path exists, the method does not.' },
  RequestTimeoutError: { status: 408, code: 'request_timeout', means: 'The request took too long to arrive.' },
  ConflictError: { status: 409, code: 'conflict', means: 'The state is not what the request expects.' },
  DuplicateKeyError: { status: 409, code: 'duplicate_key', means: 'A unique value is taken.' },
  PreconditionFailedError: {
    status: 412,
    code: 'precondition_failed',
    means: 'The content is another one than `If-Match` or `If-None-Match` allows; `ETag` says which.',
  },
  PayloadTooLargeError: { status: 413, code: 'request_too_large', means: 'The body exceeds the limit that is named.' },
  RateLimitedError: { status: 429, code: 'rate_limited', means: 'Too many attempts; `Retry-After` says when again.' },
  RangeNotSatisfiableError: {
    status: 416,
    code: 'range_not_satisfiable',
    means: 'The content has no byte of the range that was asked for.',
  },
  ContentDamagedError: {
    status: 500,
    code: 'blob_unavailable',
    means: 'What is stored is not what was stored; the log has it under the request id.',
  },
  ServerBusyError: {
    status: 503,
    code: 'server_busy',
    means: 'Too much waits for the same, or the server is stopping; `Retry-After` says when to try again.',
  },
  StorageUnavailableError: {
    status: 503,
    code: 'storage_unavailable',
    means: 'The engine does not answer; try again.',
  },
  QuotaExceededError: {
    status: 507,
    code: 'quota_exceeded',
    means: 'The account stores as much as it may (`[LIMITS] account_bytes`, `account_keys`): delete something.',
  },
} as const;

/** More precise codes, with the status they come with. They never change their meaning. */
export const errorCodes = {
  blob_not_owned: { status: 400, means: 'An operation refers to a blob that was not uploaded in its vault.' },
  body_incomplete: { status: 400, means: 'The connection ended before the announced body was there.' },
  body_required: { status: 400, means: 'This route takes a JSON object as its body, and none was sent.' },
  blob_hash_invalid: { status: 400, means: 'What names a content is not a lower-case hex SHA-256.' },
  blob_hash_mismatch: { status: 400, means: 'The content does not have the SHA-256 that was announced.' },
  change_missing: { status: 400, means: 'The body names nothing to change.' },
  client_id_invalid: { status: 400, means: '`client_id` is not a text of 1 to 128 characters.' },
  cursor_invalid: { status: 400, means: '`cursor` is not one that this server gave out for this list.' },
  email_invalid: { status: 400, means: '`email` is not one bare address of at most 254 bytes.' },
  encoding_invalid: { status: 400, means: 'The body is not UTF-8, or its Content-Encoding cannot be undone.' },
  event_incomplete: { status: 400, means: 'An event lacks `uuid`, `itemUuid` or `action`, or one of them is empty.' },
  event_timestamp_invalid: {
    status: 400,
    means: 'The `timestamp` of an event is missing, 0, or more than a day ahead of the server (seconds are meant).',
  },
  events_invalid: { status: 400, means: 'The body is not a JSON list of events, or a field has a wrong type.' },
  field_too_long: { status: 400, means: 'A field of an operation is longer than it may be.' },
  files_invalid: { status: 400, means: '`files` is not as the route demands; the message names the place.' },
  form_invalid: { status: 400, means: 'The form has more fields than are taken.' },
  from_timestamp_invalid: {
    status: 400,
    means: '`fromTimestamp` is not a moment in seconds, or more than a day ahead.',
  },
  git_invalid: { status: 400, means: '`git` does not name a repository as it must; the message says what is wrong.' },
  http_invalid: { status: 400, means: 'What arrived is not an HTTP request.' },
  id_invalid: { status: 400, means: '`id` is another one than that of the path.' },
  ids_invalid: { status: 400, means: '`ids` is not a list of texts; the message names the place.' },
  inline_binary_forbidden: { status: 400, means: 'An operation on a file carries `dataBase64` instead of a blob.' },
  invalid_blob_hash: { status: 400, means: 'The path does not end in a lower-case hex SHA-256.' },
  invalid_blob_reference: {
    status: 400,
    means: 'The `blob` of an operation is malformed, or has another size than the upload.',
  },
  invalid_json: { status: 400, means: 'The body is not JSON, or a field has another type (Verstak).' },
  invalid_multipart: { status: 400, means: 'The form is not exactly one part `file` with a filename.' },
  invalid_operation: { status: 400, means: 'An operation lacks a field, or a number is negative.' },
  invalid_payload: { status: 400, means: 'The `payload_json` of an operation is not JSON.' },
  invalid_request: { status: 400, means: 'Something is missing or not as it must be (Verstak); the message names it.' },
  index_value_invalid: { status: 400, means: 'A name or value is too long to be found again, or holds U+0000.' },
  json_invalid: { status: 400, means: 'The body is not JSON, or not a JSON object.' },
  key_invalid: { status: 400, means: 'The key is not 1 to 1024 of `a-z A-Z 0-9 _ . ,`.' },
  limit_invalid: { status: 400, means: '`limit` is not an integer from 1 to 1000.' },
  login_invalid: { status: 400, means: 'The body is not a JSON object with a `username` and a `password`.' },
  mail_settings_invalid: { status: 400, means: 'Something about the mail server cannot be; the message names it.' },
  mail_token_invalid: { status: 400, means: 'The token of a mail is unknown, used, expired, or for another purpose.' },
  new_password_invalid: { status: 400, means: '`new_password` is not a text of 1 to 1024 bytes.' },
  new_username_invalid: { status: 400, means: '`new_username` is not 3 to 50 of `A-Z a-z 0-9 _ -`.' },
  password_invalid: { status: 400, means: '`password` is not a text of 1 to 1024 bytes.' },
  password_length_invalid: { status: 400, means: '`password` is not 8 to 256 bytes.' },
  path_invalid: { status: 400, means: 'The path of the request cannot be percent-decoded.' },
  prefix_invalid: { status: 400, means: '`prefix` holds what a key cannot hold.' },
  punches_invalid: { status: 400, means: '`punches` is not a list of valid punches; the message names the place.' },
  rules_invalid: { status: 400, means: '`rules` is not a list of access rules; the message names the place.' },
  target_invalid: { status: 400, means: 'The target of the request is neither a path nor a URL.' },
  trailing_json: { status: 400, means: 'The body goes on behind its JSON value (Verstak).' },
  username_invalid: {
    status: 400,
    means:
      '`username` is not a text of 1 to 128 characters without control characters, or of those that the route demands.',
  },
  username_taken: { status: 400, means: 'The name is taken (where a route has no 409).' },
  uuid_in_use: { status: 400, means: 'Another account is known by this uuid (where a route has no 409).' },
  uuid_invalid: { status: 400, means: '`uuid` is not a text of 1 to 255 bytes without control characters.' },
  value_invalid: { status: 400, means: '`value` cannot be stored: it nests too deep or is not valid Unicode.' },
  value_missing: { status: 400, means: 'The body has no `value`.' },
  admin_account_fixed: {
    status: 401,
    means:
      'The name and the password of an admin stand in the configuration of the server: this route does not change them.',
  },
  admin_required: { status: 401, means: 'Only an admin may do this.' },
  authorization_required: { status: 401, means: 'The header `Authorization: Bearer <token>` is missing.' },
  login_refused: {
    status: 401,
    means: 'There is no such account, or the password is another, or the account may not use this API.',
  },
  session_token_invalid: { status: 401, means: 'The session token is no valid one, or has expired.' },
  account_blocked: { status: 403, means: 'The account is blocked.' },
  admin_password_fixed: {
    status: 403,
    means: 'The password of an admin stands in the configuration of the server: it is changed there.',
  },
  credentials_invalid: { status: 403, means: 'There is no such account, or the password is another.' },
  csrf_invalid: {
    status: 403,
    means: 'The request does not come from a page of this server, or from one that is out of date.',
  },
  email_unconfirmed: { status: 403, means: 'The e-mail of the account is not confirmed yet.' },
  event_forbidden: { status: 403, means: 'The access rules do not allow an event; nothing of the list was stored.' },
  foreign_origin: {
    status: 403,
    means: 'A page of another origin sent the request, and `[APP] cors_origins` does not let it in.',
  },
  registration_closed: { status: 403, means: 'This server does not take new accounts.' },
  token_invalid: { status: 403, means: 'The token is unknown, expired or revoked.' },
  account_not_found: { status: 404, means: 'There is no such account.' },
  blob_not_found: { status: 404, means: 'The vault has no such blob.' },
  too_many_configs: { status: 409, means: 'The account has as many configs as one may have.' },
  config_not_found: { status: 404, means: 'The account has no such config.' },
  key_not_found: { status: 404, means: 'The account has no such key.' },
  email_taken: { status: 409, means: 'Another account has this e-mail.' },
  user_exists: { status: 409, means: 'The name is taken.' },
  uuid_taken: { status: 409, means: 'Another account is known by this uuid.' },
  blob_quota_exceeded: {
    status: 413,
    means:
      'The blobs of the vault, or of the account, would take more bytes than they may; Verstak calls it `quota_exceeded`.',
  },
  blob_too_large: { status: 413, means: 'The blob has more bytes than one may have.' },
  payload_too_large: { status: 413, means: 'The `payload_json` of an operation is longer than it may be.' },
  too_many_operations: { status: 413, means: 'The push has more operations than one may have: halve it.' },
  headers_too_large: { status: 431, means: 'The headers are longer than the server takes.' },
  internal_error: { status: 500, means: 'The server made a mistake; its log has it under the request id.' },
} as const satisfies Readonly<Record<string, { status: number; means: string }>>;

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

/** 400: the input breaks a rule. */
export class InvalidInputError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidInputError', message, options);
  }
}

/** 401: no credential, or not a valid one. */
export class UnauthorizedError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('UnauthorizedError', message, options);
  }
}

/** 403: the credential does not allow it. */
export class ForbiddenError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('ForbiddenError', message, options);
  }
}

/** 404: nothing is there. */
export class NotFoundError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('NotFoundError', message, options);
  }
}

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

/** 429: too many attempts; again after `retryAfter` seconds. */
export class RateLimitedError extends AppError {
  constructor(retryAfter: number, options?: ErrorOptions) {
    super('RateLimitedError', `too many attempts; try again in ${retryAfter} s`, { ...options, retryAfter });
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
