/** What a command is given of the process that it runs in. */

/** Where text and bytes go. */
export interface Output {
  /** A person reads it: text is aligned, questions may be asked. */
  readonly isTerminal: boolean;
  /** Resolves when it is written. Throws `OutputError`. */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** What is written could not be: the disk is full, or the reader has gone. */
export class OutputError extends Error {
  /** Whoever read it has gone: nobody is to be told. */
  readonly isReaderGone: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.isReaderGone = cause.code === 'EPIPE';
  }
}

/** The process, as commands see it. */
export interface Context {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: Output;
  /** Everything but data. */
  readonly stderr: Output;
  /** Aborted by Ctrl-C and SIGTERM, with an {@link Interruption}. */
  readonly signal: AbortSignal;
  /** From now on signals go to `listener` instead of aborting {@link signal}: a command whose child they concern. */
  takeSignals(listener: (name: NodeJS.Signals) => void): void;
}

/** Why {@link Context.signal} is aborted. */
export class Interruption extends Error {
  constructor() {
    super('interrupted');
  }
}

/** Signals that ask for the end. */
const STOP = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The context of this process. A second signal calls `end`. */
export function processContext(end: () => void): Context {
  const controller = new AbortController();
  let listener = () => (controller.signal.aborted ? end() : controller.abort(new Interruption()));
  for (const name of STOP) process.on(name, () => (listener as (name: NodeJS.Signals) => void)(name));
  return {
    environment: process.env,
    get stdout() {
      return outputTo(process.stdout);
    },
    get stderr() {
      return outputTo(process.stderr);
    },
    signal: controller.signal,
    takeSignals: taken => {
      listener = taken as () => void;
    },
  };
}

const outputs = new Map<NodeJS.WriteStream, Output>();

/** Streams are opened by the first who writes: that takes milliseconds. */
function outputTo(stream: NodeJS.WriteStream): Output {
  const known = outputs.get(stream);
  if (known) return known;
  stream.on('error', () => {}); // told to who wrote
  const output: Output = {
    isTerminal: stream.isTTY === true,
    write: chunk =>
      new Promise((resolve, reject) => {
        stream.write(chunk, error => (error ? reject(new OutputError(error)) : resolve()));
      }),
  };
  outputs.set(stream, output);
  return output;
}

/** What `work` gives, or the reason of the signal once it is aborted: for what cannot be stopped itself, such as a question. */
export function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
