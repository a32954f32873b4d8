/** What happened in a soak: answers, faults, attacks, acknowledged writes. */

const MOST_SAMPLES = 40;
/** Engines that cannot answer, and full accounts, are no faults of the server. */
const HONEST_5XX = new Set([503, 507]);

export class Tally {
  /** @type {Map<number, number>} answers by status */
  statuses = new Map();
  /** @type {Map<string, number>} requests and connections sent by kind of attack */
  attacks = new Map();
  /** @type {Map<string, { count: number, sample: string }>} by what went wrong */
  faults = new Map();
  /** Writes that were answered with success to honest clients, and comparisons of them with what was there later. */
  acknowledged = 0;
  checked = 0;
  lost = 0;
  /** Set while the server is stopped on purpose. */
  down = true;
  /** Goes up when the server was started again. */
  generation = 0;

  /**
   * @param {number} status
   * @param {string} what method and target, as sent
   */
  answered(status, what) {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status >= 500 && !HONEST_5XX.has(status)) this.fault(`${status} from ${pattern(what)}`, what);
  }

  /**
   * @param {string} what
   * @param {string} sample
   */
  fault(what, sample) {
    const known = this.faults.get(what);
    if (known) known.count++;
    else if (this.faults.size < MOST_SAMPLES) this.faults.set(what, { count: 1, sample: sample.slice(0, 400) });
  }

  /** @param {string} kind */
  attacked(kind) {
    this.attacks.set(kind, (this.attacks.get(kind) ?? 0) + 1);
  }

  /**
   * Compares one acknowledged write with what is there now.
   * @param {boolean} there
   * @param {string} what
   */
  check(there, what) {
    this.checked++;
    if (there) return;
    this.lost++;
    this.fault(`lost: ${what.split(' ')[0]}`, what);
  }
}

/**
 * The route without what differs from request to request, and without tokens.
 * @param {string} what
 */
function pattern(what) {
  return what
    .replace(/[?].*$/, '')
    .replace(/[0-9a-f-]{20,}/g, ':id')
    .replace(/(store|file)\/.*$/, '$1/:name')
    .slice(0, 80);
}
