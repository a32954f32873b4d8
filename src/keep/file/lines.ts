import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import { BackupError } from '../backup-error.ts';

const LINE_END = 0x0a;

/** Lines of a text as it arrives, and the SHA-256 of all but the last of them. */
export class Lines {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash = createHash('sha256');
  /** Bytes behind the last line that was taken out. */
  #rest: Buffer[] = [];
  #lines: string[] = [];
  #at = 0;
  #ended = false;
  /** Lines that were given out. */
  count = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line if it is at hand: asking `more` for each would take longer than reading it. */
  take(): string | undefined {
    const line = this.#lines[this.#at];
    if (line === undefined) return undefined;
    this.#at++;
    this.count++;
    return line;
  }

  /** The line that `take` would give. */
  peek(): string | undefined {
    return this.#lines[this.#at];
  }

  /** Reads on until a line is at hand; false at the end. Throws what the source throws. */
  async more(): Promise<boolean> {
    while (this.#at >= this.#lines.length) {
      if (this.#ended) return false;
      const { value, done } = await this.#source.next();
      if (done) this.#end();
      else this.#add(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
    return true;
  }

  /** Of all lines but the last, once there is no more. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** The last whole line waits: it may be the last of all. */
  #add(piece: Buffer): void {
    const end = piece.lastIndexOf(LINE_END);
    if (end < 0) {
      this.#rest.push(piece);
      return;
    }
    const all = this.#rest.length === 0 ? piece : Buffer.concat([...this.#rest, piece]);
    const last = all.lastIndexOf(LINE_END);
    const before = last === 0 ? -1 : all.lastIndexOf(LINE_END, last - 1);
    const whole = all.subarray(0, before + 1);
    this.#rest = [all.subarray(before + 1)]; // no copy: that is as much again for the collector, of contents
    if (whole.length > 0) this.#give(whole);
  }

  #give(whole: Buffer): void {
    this.#hash.update(whole);
    // Nearly all is ASCII, which is a tenth of the work.
    const coding = isAscii(whole) ? 'latin1' : 'utf8';
    this.#lines = whole.toString(coding, 0, whole.length - 1).split('\n');
    this.#at = 0;
  }

  #end(): void {
    this.#ended = true;
    const last = Buffer.concat(this.#rest);
    this.#rest = [];
    if (last.length === 0) return;
    if (last.at(-1) !== LINE_END) throw new BackupError('the backup is cut short: its last line has no end');
    this.#lines = last.toString('utf8', 0, last.length - 1).split('\n');
    this.#at = 0;
  }
}
