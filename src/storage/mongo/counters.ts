import type { Collection as MongoCollection } from 'mongodb';
import { upserting } from './writes/upsert.ts';

/** A named counter. */
export interface Counter {
  _id: string;
  value: number;
}

/** Adds to a counter, which starts at 0; returns the new value. */
export async function increment(counters: MongoCollection<Counter>, name: string, by: number): Promise<number> {
  const counter = await upserting(() =>
    counters.findOneAndUpdate(
      { _id: { $eq: name } },
      { $inc: { value: by } },
      { upsert: true, returnDocument: 'after' },
    ),
  );
  return counter?.value ?? by;
}
