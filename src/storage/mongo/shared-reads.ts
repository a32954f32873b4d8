import type { Scalar } from '../port.ts';
import { decode, HIDDEN } from './documents.ts';
import { equals } from './filters.ts';
import { atKeys, identityOf } from './read-many.ts';
import type { Doc, Index, Table } from './table.ts';

/** Keys in one query. The server reads them one after the other: of more, several queries are through sooner. */
const MAX_KEYS = 100;

/** A key that somebody waits for, perhaps several. */
interface Ask {
  readonly key: readonly Scalar[];
  readonly answer: Promise<Doc | undefined>;
  readonly resolve: (doc: Doc | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Reads of single documents by a unique index. What is asked for in one turn of the event loop goes in one query at its end; so
 * each read begins after it was asked for, and sees what was acknowledged before. Who asks for the same key gets the same object.
 */
export class SharedReads {
  readonly #table: Table;
  readonly #index: Index;
  /** By `identityOf` the key. */
  #asked = new Map<string, Ask>();

  constructor(table: Table, index: Index) {
    this.#table = table;
    this.#index = index;
  }

  /** What is stored at the key, also what has ended. Throws `InvalidInputError` when the key cannot be indexed. */
  async read(key: readonly Scalar[]): Promise<Doc | undefined> {
    equals(this.#index.own, key); // throws when it is none
    const id = identityOf(key);
    const asked = this.#asked.get(id);
    if (asked !== undefined) return asked.answer;
    if (this.#asked.size === MAX_KEYS) this.#send();
    if (this.#asked.size === 0) setImmediate(() => this.#send());
    const ask = asking(key);
    this.#asked.set(id, ask);
    return ask.answer;
  }

  #send(): void {
    const asked = this.#asked;
    if (asked.size === 0) return; // it was full before the turn was over
    this.#asked = new Map();
    const [only] = asked.values();
    const work = asked.size === 1 && only !== undefined ? this.#answer(only) : this.#answerAll(asked);
    work.catch(error => {
      for (const { reject } of asked.values()) reject(error); // changes nothing for those that have their answer
    });
  }

  async #answer({ key, resolve }: Ask): Promise<void> {
    const doc = await this.#table.rows.findOne(equals(this.#index.own, key), { projection: HIDDEN });
    resolve(doc === null ? undefined : decode(doc));
  }

  async #answerAll(asked: ReadonlyMap<string, Ask>): Promise<void> {
    const { name, own } = this.#index;
    const keys = [...asked.values()].map(({ key }) => key);
    // The hint is one that a partial index takes: to be among values that are not null is to exist.
    const options = { projection: HIDDEN, hint: name, limit: keys.length, batchSize: keys.length };
    const cursor = this.#table.rows.find(atKeys(own, keys), options);
    // Large documents come in several portions: each is answered with its own.
    while (await cursor.hasNext()) {
      for (const doc of cursor.readBufferedDocuments()) {
        asked.get(identityOf(own.map(field => doc[field])))?.resolve(decode(doc));
      }
    }
    for (const { resolve } of asked.values()) resolve(undefined); // what has not been found is not there
  }
}

function asking(key: readonly Scalar[]): Ask {
  let resolve: Ask['resolve'] = () => {};
  let reject: Ask['reject'] = () => {};
  const answer = new Promise<Doc | undefined>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { key, answer, resolve, reject };
}
