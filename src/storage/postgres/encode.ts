/**
 * Arrays as the server reads them in binary: payloads go over without escapes, which costs neither side a walk through
 * their texts. The layout is that of `array_recv`: dimensions, whether there are nulls, the element's type, its count and first
 * index, then each element with its length (-1: null).
 */

const INT4 = 23;
const INT8 = 20;
const TEXT = 25;
const HEADER = 20;

export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER;
  const lengths = values.map((value) => {
    const length = value === null ? 0 : Buffer.byteLength(value);
    size += 4 + length;
    return length;
  });
  const buffer = header(TEXT, values.length, size, values.includes(null));
  let at = HEADER;
  values.forEach((value, index) => {
    if (value === null) {
      at = buffer.writeInt32BE(-1, at);
      return;
    }
    at = buffer.writeInt32BE(lengths[index]!, at);
    at += buffer.write(value, at);
  });
  return shorten(buffer, values.length);
}

export function int8Array(values: readonly (number | bigint | null)[]): Buffer {
  const buffer = header(INT8, values.length, HEADER + values.length * 12, values.includes(null));
  let at = HEADER;
  for (const value of values) {
    at = buffer.writeInt32BE(value === null ? -1 : 8, at);
    if (value !== null) at = buffer.writeBigInt64BE(BigInt(value), at);
  }
  return shorten(buffer.subarray(0, at), values.length);
}

export function int4Array(values: readonly number[]): Buffer {
  const buffer = header(INT4, values.length, HEADER + values.length * 8, false);
  let at = HEADER;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return shorten(buffer, values.length);
}

function header(type: number, length: number, size: number, hasNulls: boolean): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  at = buffer.writeInt32BE(hasNulls ? 1 : 0, at);
  at = buffer.writeInt32BE(type, at);
  at = buffer.writeInt32BE(length, at);
  buffer.writeInt32BE(1, at);
  return buffer;
}

// An empty array has no dimension.
function shorten(buffer: Buffer, length: number): Buffer {
  return length === 0 ? buffer.subarray(0, 12) : buffer;
}
