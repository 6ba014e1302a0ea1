import { randomBytes, randomUUID } from "node:crypto";
import { bytesOf, type StoredFile, serveFile } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import { fail } from "./errors.ts";
import type { Json } from "./wire.ts";

/** Files: what people attach, what bots upload, and downloads. */
export interface Files {
  /** Keeps a file. @returns the attachment that a post holds */
  attach(file: SaidFile): Json;
  /** A call of `attachments/upload`. */
  upload(values: Readonly<Record<string, unknown>>): Promise<Json>;
  download(key: string): Response | undefined;
  reset(): void;
}

export function createFiles(url: () => string): Files {
  const files = new Map<string, StoredFile>();

  function keep(file: StoredFile, id: string = randomUUID()): Json {
    const { name, mimeType, data } = file;
    // The address itself is the right to see it, as it is on Twist.
    const key = randomBytes(12).toString("base64url");
    files.set(key, file);
    return {
      attachment_id: id,
      title: name,
      url: `${url()}/files/${key}/${encodeURIComponent(name)}`,
      url_type: mimeType.startsWith("image/") ? "image" : "file",
      file_name: name,
      file_size: data.byteLength,
      underlying_type: mimeType,
      upload_state: "uploaded",
    };
  }

  return {
    attach: (file) => keep({ ...file, data: bytesOf(file) }),

    async upload({ file, file_name, file_size, underlying_type, attachment_id }) {
      if (!(file instanceof Blob) || typeof attachment_id !== "string") return fail(19);
      const data = new Uint8Array(await file.arrayBuffer());
      if (file_size !== undefined && Number(file_size) !== data.byteLength) return fail(202);
      const name = typeof file_name === "string" ? file_name : "file";
      const mimeType = typeof underlying_type === "string" ? underlying_type : file.type;
      return keep({ name, mimeType, data }, attachment_id);
    },

    download(key) {
      const file = files.get(key);
      return file && serveFile(file);
    },

    reset: () => files.clear(),
  };
}
