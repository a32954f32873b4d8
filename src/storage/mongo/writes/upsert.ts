import { isDuplicate } from '../errors.ts';

/** How often an upsert is run that met another one at the document's first use. */
const ATTEMPTS = 5;

/** Runs an upsert, again while another one made the document at the same moment. */
export async function upserting<R>(upsert: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await upsert();
    } catch (error) {
      if (!isDuplicate(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
