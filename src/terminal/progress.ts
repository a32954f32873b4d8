/** Milliseconds before anything is shown: short work shows nothing. */
const PATIENCE = 1_000;

/** Milliseconds between two lines where no terminal listens. */
const LINE_EVERY = 10_000;

/** What shows how far long work is. */
export interface Progress {
  /** `count` more are done; `total` where it became known, or is another now. */
  advance(count: number, total?: number): void;
  /** Takes the bar away. To be called at the end, of what failed as well. */
  end(): void;
}

/** Where progress is shown: the standard error output, as a rule. */
export interface ProgressOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

/** What is counted. */
export interface ProgressOptions {
  /** What is done, such as `backing up`. */
  readonly label: string;
  /** What is counted, such as `documents`. */
  readonly unit: string;
  /** How many there will be, where that is known. */
  readonly total?: number | undefined;
}

/**
 * Shows long work: done, of how many, rate and time left. A bar on a terminal; elsewhere a line every ten seconds. Nothing in the
 * first second.
 */
export function showProgress(options: ProgressOptions, output: ProgressOutput = process.stderr): Progress {
  const begun = performance.now();
  const { label, unit } = options;
  let { total } = options;
  let done = 0;
  let take: ((text: string) => void) | undefined;
  let remove = () => {};
  let ended = false;
  const rate = () => (done * 1_000) / (performance.now() - begun);
  const text = () => {
    const left = total !== undefined && done > 0 && total > done ? `, ${duration((total - done) / rate())} left` : '';
    return `${label}: ${number(done)}${total === undefined ? '' : ` of ${number(total)}`} ${unit}, ${number(rate())}/s${left}`;
  };
  async function bar(): Promise<void> {
    const { SingleBar } = await import('cli-progress');
    if (ended) return;
    const shown = new SingleBar({
      format: total === undefined ? '{text}' : '{bar} {text}',
      stream: output,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 20,
      barCompleteChar: '#',
      barIncompleteChar: '-',
      fps: 5,
    });
    shown.start(total ?? 1, done, { text: text() });
    take = line => {
      if (total !== undefined) shown.setTotal(total);
      shown.update(total === undefined ? 0 : done, { text: line });
    };
    remove = () => shown.stop();
  }
  const timer = output.isTTY
    ? setTimeout(() => void bar(), PATIENCE)
    : setInterval(() => output.write(`${text()}\n`), LINE_EVERY);
  timer.unref();
  return {
    advance(count, newTotal = total) {
      done += count;
      total = newTotal;
      take?.(text());
    },
    end() {
      ended = true;
      clearTimeout(timer);
      remove();
    },
  };
}

/** `1,234,567` */
function number(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 h 02 min`, `3 min 20 s`, `7 s` */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
}
