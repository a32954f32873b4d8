import type { Collection as MongoCollection } from 'mongodb';
import { isDuplicate } from './errors.ts';

/** A named counter. */
export interface Counter {
  _id: string;
  value: number;
}

/** How often an increment is run again that met another one at the counter's first use. */
const ATTEMPTS = 5;

/** Adds to a counter, which starts at 0; returns the new value. */
export async function increment(counters: MongoCollection<Counter>, name: string, by: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      const counter = await counters.findOneAndUpdate(
        { _id: { $eq: name } },
        { $inc: { value: by } },
        { upsert: true, returnDocument: 'after' },
      );
      return counter?.value ?? by;
    } catch (error) {
      if (!isDuplicate(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
