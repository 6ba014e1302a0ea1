import type { SaidFile } from "./simulator.ts";

/** A file that a simulated platform keeps. */
export interface StoredFile {
  readonly name: string;
  readonly mimeType: string;
  readonly data: Uint8Array;
}

// A picture of one grey pixel.
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mM0Njb+DwAEWAIrTXqQZwAAAABJRU5ErkJggg==";
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp)|video\/mp4)$/;

/** The bytes of a file that somebody attaches; made up where it comes without. */
export function bytesOf({ name, mimeType, data }: SaidFile): Uint8Array {
  if (data !== undefined) return Buffer.from(data, "base64");
  return mimeType.startsWith("image/") ? Buffer.from(PIXEL, "base64") : Buffer.from(`${name}\n`);
}

/** A file as an answer. Pictures are shown; nothing that people upload runs in the sandbox's own page. */
export function serveFile({ mimeType, data }: Pick<StoredFile, "mimeType" | "data">): Response {
  return new Response(Uint8Array.from(data), {
    headers: {
      "content-type": mimeType,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "content-disposition": SHOWN.test(mimeType) ? "inline" : "attachment",
    },
  });
}
