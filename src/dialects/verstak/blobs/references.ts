import { blobRefsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { blobOwner, type VaultKey } from '../../../core/vaults/vaults.ts';
import { operationRefused } from '../refusals.ts';

/** That the payload at `place` means a content which was uploaded before. */
export interface BlobReference {
  readonly place: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The reference in the payload of an operation on a file, if it has one. Throws `InvalidInputError`
 * (codes `invalid_payload`: it is no object; `inline_binary_forbidden`: it carries the content itself;
 * `invalid_blob_reference`).
 */
export function blobReference(payload: unknown, place: string): BlobReference | undefined {
  if (!isObject(payload)) throw operationRefused('invalid_payload', place, 'expected an object, since it is a file');
  if (Object.hasOwn(payload, 'dataBase64')) {
    throw operationRefused('inline_binary_forbidden', place, 'upload the content, and refer to it in `blob`');
  }
  const { blob } = payload;
  if (blob === undefined || blob === null) return undefined;
  const { sha256, size } = isObject(blob) ? blob : {};
  if (typeof sha256 !== 'string' || !SHA256.test(sha256) || !Number.isSafeInteger(size) || Number(size) < 0) {
    throw operationRefused(
      'invalid_blob_reference',
      `${place}.blob`,
      'expected sha256 (64 lower-case hex), size (bytes)',
    );
  }
  return { place, sha256, size: Number(size) };
}

/**
 * Throws `InvalidInputError` unless every content was uploaded in this vault (code `blob_not_owned`), with the size that is
 * claimed (code `invalid_blob_reference`).
 */
export async function demandUploaded(core: Core, vault: VaultKey, references: readonly BlobReference[]): Promise<void> {
  if (references.length === 0) return;
  const { accountId, scope } = blobOwner(vault);
  const keys = references.map(({ sha256 }) => [accountId, scope, sha256]);
  const uploads = await core.storage.collection(blobRefsSpec).getMany(keys);
  for (const [i, { place, size }] of references.entries()) {
    const upload = uploads[i];
    if (!upload) throw operationRefused('blob_not_owned', `${place}.blob`, 'it was not uploaded in this vault');
    if (upload.size !== size) {
      throw operationRefused('invalid_blob_reference', `${place}.blob`, 'the upload has another size');
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
