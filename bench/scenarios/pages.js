/** Pages that people look at most, of an account with much in it: CPU of a request, and bytes. */

import { compare } from '../measure.js';
import { seed, seedSession, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { fetched, keepAnswer } from '../task.js';

const ENTRIES = 10_000;
const PUNCHES = 50_000;
/** Punches of one upload. */
const UPLOADED = 10_000;

/** A page has to be had for so much: milliseconds, kilobytes. */
const MOST_CPU = 30;
const MOST_KB = 60;

const pages = { '/dashboard': 'dashboard', '/data': 'first page of the entries' };

/** @param {import('../results.js').Run} run */
export async function pagesScenario({ rounds, count, row, value }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', ENTRIES);
  const session = await seedSession(place.KEYBIN_STORE_HOST, 'store');
  const headers = { Cookie: `user_session=${session}`, Accept: 'text/html' };
  const filling = await startKeybin(place);
  for (let from = 0; from < PUNCHES; from += UPLOADED) await upload(filling.url, from);
  /** @type {Map<string, Uint8Array>} */
  const answers = new Map();
  for (const path of Object.keys(pages))
    answers.set(path, await fetched(filling.url + path, { headers, redirect: 'error' }));
  await filling.stop();

  for (const [path, name] of Object.entries(pages)) {
    const answer = answers.get(path) ?? new Uint8Array();
    const title = `Page: ${name}, 10,000 entries, 50,000 punches, embedded`;
    const load = { request: { path, headers }, connections: 4, warm: 200, count: Math.ceil(count / 50) };
    const figures = await compare(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa', keepAnswer(folder, answer)), ...load },
        { name: 'Keybin', start: () => startKeybin(place), ...load },
      ],
      rounds,
    );
    row(title, figures);
    value(`${title}: CPU`, (figures.get('Keybin')?.cpu ?? Number.NaN) / 1000, 'ms', MOST_CPU);
    value(`${title}: size`, answer.byteLength / 1024, 'KB', MOST_KB);
  }
  remove();
}

/**
 * @param {string} url
 * @param {number} from
 */
async function upload(url, from) {
  const punches = Array.from({ length: UPLOADED }, (_, i) => {
    const begin = 1_500_000_000_000 + (from + i) * 3_600_000;
    const id = `00000000-0000-4000-8000-${String(from + i).padStart(12, '0')}`;
    const times = { in: begin, out: begin + 1_800_000, created: begin, updated: begin + 1_800_000 };
    return { id, project: `project ${i % 20}`, rate: 80, comments: [], ...times };
  });
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await fetched(`${url}/api/v1/punches/upload`, { method: 'POST', headers, body: JSON.stringify({ punches }) });
}
