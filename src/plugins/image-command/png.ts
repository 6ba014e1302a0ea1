import { HobnobError } from "../../core/index.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const END = Buffer.from("IEND", "latin1");

/** Is this a whole PNG? One that was cut off lacks its last chunk. https://www.w3.org/TR/png-3/#5PNG-file-signature */
export function isPng(bytes: Uint8Array): boolean {
  const { length } = bytes;
  return SIGNATURE.equals(bytes.subarray(0, 8)) && length > 20 && END.equals(bytes.subarray(length - 8, length - 4));
}

/** @throws HobnobError `IMAGE_FAILED` for what is no PNG, and for one that platforms would not take */
export function checkPng(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  if (isPng(bytes)) return;
  throw new HobnobError(
    "IMAGE_FAILED",
    `The generator gave ${bytes.length} bytes that are no whole PNG. Let it write PNG.`,
  );
}

export function tooLarge(maxBytes: number): HobnobError {
  return new HobnobError(
    "IMAGE_FAILED",
    `The generator's picture has more than ${maxBytes} bytes. Make smaller ones, or raise \`maxBytes\`.`,
  );
}
