/** The base64 of bytes that come in pieces, in pieces. */
export async function* base64Of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.byteLength === 0 ? asBuffer(piece) : Buffer.concat([rest, piece]);
    const whole = bytes.byteLength - (bytes.byteLength % 3);
    if (whole > 0) yield bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
  }
  if (rest.byteLength > 0) yield rest.toString('base64');
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
