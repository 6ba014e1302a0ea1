import type { Attachment } from "../../core/index.ts";
import { type Api, readText } from "./client.ts";
import type { UploadedFile } from "./render.ts";

/** Hands the files of a reply to LiveChat, which keeps them for a day unless they are sent. */
export async function uploadFiles(
  api: Api,
  token: string,
  attachments: readonly Attachment[],
): Promise<readonly UploadedFile[]> {
  const uploaded: UploadedFile[] = [];
  for (const { data, name, mimeType, altText } of attachments) {
    if (data === undefined) continue;
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(data)], { type: mimeType }), name);
    uploaded.push({ url: readText(await api.agent(token, "upload_file", form), "url"), name, altText });
  }
  return uploaded;
}
