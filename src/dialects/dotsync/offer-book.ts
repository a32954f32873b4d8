import { eachInSlices } from '../../base/slices.ts';
import { type Offer, twice } from './offers.ts';
import type { Dealt } from './service/file.ts';

/** Finds what is offered for a file, and knows in the end what nobody wanted. */
export class OfferBook {
  readonly #offers: readonly Offer[];
  /** Those for one config, by its id and their path. */
  readonly #named = new Map<string, Map<string, Offer>>();
  /** Those for every config that tracks their path. */
  readonly #open = new Map<string, Offer>();
  readonly #taken = new Set<Offer>();
  readonly #met = new Set<string>();

  /** Filled with the offers, in slices. Throws `InvalidInputError` (code `files_invalid`) when two are for the same. */
  static async of(offers: readonly Offer[]): Promise<OfferBook> {
    const book = new OfferBook(offers);
    await eachInSlices(offers, (offer, i) => {
      const paths = book.#pathsFor(offer.config);
      if (paths.has(offer.path)) throw twice(i);
      paths.set(offer.path, offer);
    });
    return book;
  }

  private constructor(offers: readonly Offer[]) {
    this.#offers = offers;
  }

  /** Whether some offers are for one config and some for all: then both may mean one file, and `checkFiles` is to be asked. */
  isMixed(): boolean {
    return this.#named.size > 0 && this.#open.size > 0;
  }

  /** Throws `InvalidInputError` (code `files_invalid`) when two offers are for one of these files of a config. */
  checkFiles(config: string, files: readonly string[]): void {
    const named = this.#named.get(config);
    const path = named && files.find(file => named.has(file) && this.#open.has(file));
    if (path === undefined) return;
    const pair = [named?.get(path), this.#open.get(path)];
    throw twice(this.#offers.findLastIndex(offer => pair.includes(offer)));
  }

  /** What is offered for the files of a config: to be asked for each that it tracks. */
  offersFor(config: string): (path: string) => Offer | undefined {
    this.#met.add(config);
    const named = this.#named.get(config);
    return path => {
      const offer = named?.get(path) ?? this.#open.get(path);
      if (offer !== undefined) this.#taken.add(offer);
      return offer;
    };
  }

  /** What no config took, in the order of the request; `config` is null unless it is one of those asked for. */
  *refused(): Generator<Dealt> {
    for (const offer of this.#offers) {
      if (this.#taken.has(offer)) continue;
      const { path, config } = offer;
      yield { path, config: config !== undefined && this.#met.has(config) ? config : null, status: 'refused' };
    }
  }

  #pathsFor(config: string | undefined): Map<string, Offer> {
    if (config === undefined) return this.#open;
    const paths = this.#named.get(config) ?? new Map<string, Offer>();
    this.#named.set(config, paths);
    return paths;
  }
}
