import { InvalidInputError } from '../../base/errors.ts';
import { membersOf, memberText } from '../../base/json/source.ts';
import { eachInSlices } from '../../base/slices.ts';
import { isPunchId, type Punch, readPunch, refuse } from '../../core/punches/punch.ts';
import { asObject, type SourcedJson } from '../../http/body/body.ts';

// Loops of its own, not a schema: thousands of punches in one body are normal, and every refusal names its place.

/**
 * `punches`: every one of them checked, in slices. Throws `InvalidInputError` (code `punches_invalid`) that names the first place
 * that breaks a rule, never what stands there; `PayloadTooLargeError`.
 */
export async function readPunches({ source, value }: SourcedJson): Promise<Punch[]> {
  const { punches } = asObject(value);
  if (!Array.isArray(punches)) refuse('punches', 'expected an array');
  const read: Punch[] = [];
  await eachInSlices(membersOf((await memberText(source, 'punches')) ?? ''), member => {
    if (member) read.push(readPunch(punches[read.length], member.text, `punches[${read.length}]`));
  });
  return read;
}

/**
 * `ids`: each once, in the order of the request, without those no punch can have. Throws `InvalidInputError` (code
 * `ids_invalid`).
 */
export async function readIds({ value }: SourcedJson): Promise<string[]> {
  const { ids } = asObject(value);
  if (!Array.isArray(ids)) throw new InvalidInputError('ids: expected an array', { code: 'ids_invalid' });
  const known = new Set<string>();
  await eachInSlices(ids, (id, i) => {
    if (typeof id !== 'string') throw new InvalidInputError(`ids[${i}]: expected a string`, { code: 'ids_invalid' });
    if (isPunchId(id)) known.add(id);
  });
  return [...known];
}
