import { type Clock, DeliveryError } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Client } from "./client.ts";
import type { Upload } from "./render.ts";

const CHUNK = 1024 * 1024;
const LARGEST: Readonly<Record<Upload["kind"], number>> = {
  image: 5_000_000,
  gif: 15_000_000,
  video: 512_000_000,
};
// A run that waits longer would be given up, and begin anew.
const LONGEST_PROCESSING = 40_000;
const LONGEST_ALT_TEXT = 1000;

/**
 * Brings a file to X, waits until X has looked through it, and describes it; resolves with its id. Nothing is to be seen
 * before a post names that id, so all of it may be made again.
 * https://docs.x.com/x-api/media/quickstart/media-upload-chunked
 * @throws DeliveryError permanent when X will not take the file
 */
export async function uploadFile(
  { client, clock }: { readonly client: Client; readonly clock: Clock },
  { kind, mimeType, data, altText }: Upload,
  place: "tweet" | "dm",
): Promise<string> {
  if (data.length > LARGEST[kind]) throw unfit(`a file of this kind may have ${LARGEST[kind] / 1_000_000} MB`);
  const begun = await client.read("initializeMediaUpload", (api) =>
    api.v2.post("media/upload/initialize", {
      media_type: mimeType,
      total_bytes: data.length,
      media_category: `${place}_${kind}`,
    }),
  );
  const id = dataOf(begun).id;
  if (typeof id !== "string") throw new DeliveryError("X gave the upload no id.", { maybeSent: false });
  for (let segment = 0; segment * CHUNK < data.length; segment++) {
    const media = Buffer.from(data.subarray(segment * CHUNK, (segment + 1) * CHUNK));
    await client.read("appendMediaUpload", (api) =>
      api.v2.post(`media/upload/${id}/append`, { segment_index: segment, media }, { forceBodyMode: "form-data" }),
    );
  }
  const finished = await client.read("finalizeMediaUpload", (api) => api.v2.post(`media/upload/${id}/finalize`));
  await processed({ client, clock }, id, dataOf(finished).processing_info);
  if (altText !== undefined && kind !== "video") {
    const alt_text = { text: altText.slice(0, LONGEST_ALT_TEXT) };
    await client.read("createMediaMetadata", (api) => api.v2.createMediaMetadata(id, { alt_text }));
  }
  return id;
}

async function processed(
  { client, clock }: { readonly client: Client; readonly clock: Clock },
  id: string,
  first: unknown,
): Promise<void> {
  const end = clock.steady() + LONGEST_PROCESSING;
  for (let info = first; isFields(info) && info.state !== "succeeded"; ) {
    if (info.state === "failed") throw unfit("X could not process it");
    const seconds = Number(info.check_after_secs);
    const pause = Number.isFinite(seconds) ? Math.max(seconds, 0.1) * 1000 : 1000;
    if (clock.steady() + pause > end) throw new DeliveryError("X still processes a file.", { maybeSent: false });
    await new Promise<void>((resolve) => clock.after(pause, resolve));
    const status = await client.read("getMediaUploadStatus", (api) =>
      api.v2.get("media/upload", { command: "STATUS", media_id: id }),
    );
    info = dataOf(status).processing_info;
  }
}

function unfit(why: string): DeliveryError {
  return new DeliveryError(`A file cannot be sent to X: ${why}.`, { maybeSent: false, permanent: true });
}

function dataOf(answer: unknown): Fields {
  return isFields(answer) && isFields(answer.data) ? answer.data : {};
}
