import { randomUUID } from "node:crypto";
import type { Attachment } from "../../core/index.ts";
import { notSent } from "../shared/failure.ts";
import type { Api } from "./client.ts";

/** Uploads a file; what Twist answers goes into a post as it is. */
export async function uploadFile(api: Api, { name, mimeType, data }: Attachment & { readonly data: Uint8Array }) {
  const form = new FormData();
  form.set("attachment_id", randomUUID());
  form.set("file_name", name);
  form.set("file_size", String(data.byteLength));
  form.set("underlying_type", mimeType);
  form.set("file", new Blob([Uint8Array.from(data)], { type: mimeType }), name);
  try {
    return await api.upload("attachments/upload", form);
  } catch (error) {
    // Nobody sees a file before its post: an upload that may have arrived is no post that may have been sent.
    throw notSent(error);
  }
}

/** Has the file its bytes with it? */
export function hasData(file: Attachment): file is Attachment & { readonly data: Uint8Array } {
  return file.data !== undefined;
}
