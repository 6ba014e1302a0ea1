import { bytesOf } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import { freshSecret } from "./ids.ts";
import { invalid, notFound, type Operations, objectOf, textOf } from "./method.ts";
import { type Json, mediaKey } from "./wire.ts";
import type { App, Media, World } from "./world.ts";

const CATEGORIES = ["tweet_image", "tweet_gif", "tweet_video", "dm_image", "dm_gif", "dm_video"];

/** Uploads in pieces. https://docs.x.com/x-api/media/quickstart/media-upload-chunked */
export const mediaOperations: Operations = {
  initializeMediaUpload: {
    method: "POST",
    path: "media/upload/initialize",
    auth: "user",
    run({ app, body, world }) {
      const category = textOf(body, "media_category");
      const mimeType = textOf(body, "media_type");
      const size = Number(body.total_bytes);
      if (!CATEGORIES.includes(category) || !/^(?:image|video)\//.test(mimeType) || !(size > 0)) {
        throw invalid("One or more parameters to your request was invalid.");
      }
      const name = `${category.split("_")[1]}.${mimeType.split("/")[1]}`;
      const media = addMedia(world, { owner: app.user.id, category, name, mimeType, size, state: "uploading" });
      return { data: { id: media.id, media_key: mediaKey(media), expires_after_secs: 86400 } };
    },
  },

  appendMediaUpload: {
    method: "POST",
    path: "media/upload/:id/append",
    auth: "user",
    run({ app, path, body, world }) {
      const media = mediaOf(world, app, path.id);
      const chunk = body.media;
      if (!Buffer.isBuffer(chunk) || !/^\d{1,3}$/.test(String(body.segment_index))) {
        throw invalid("One or more parameters to your request was invalid.");
      }
      media.data = Buffer.concat([media.data, chunk]);
      return { data: { expires_at: Math.floor(Date.now() / 1000) + 86400 } };
    },
  },

  finalizeMediaUpload: {
    method: "POST",
    path: "media/upload/:id/finalize",
    auth: "user",
    run({ app, path, world }) {
      const media = mediaOf(world, app, path.id);
      if (media.data.length !== media.size) throw invalid("Segments do not add up to provided total file size.");
      // Pictures are ready at once; films and GIFs are looked through first.
      const isPicture = media.category.endsWith("image");
      media.state = isPicture ? (isBroken(media) ? "failed" : "succeeded") : "pending";
      if (media.state === "failed") throw invalid("The media could not be processed.");
      return {
        data: {
          ...wireUpload(media),
          ...(!isPicture && { processing_info: { state: "pending", check_after_secs: 1 } }),
        },
      };
    },
  },

  getMediaUploadStatus: {
    method: "GET",
    path: "media/upload",
    auth: "user",
    run({ app, query, world }) {
      const media = mediaOf(world, app, query.get("media_id") ?? undefined);
      if (media.state === "pending") media.state = isBroken(media) ? "failed" : "succeeded";
      const error = media.state === "failed" && { error: { code: 1, name: "InvalidMedia", message: "InvalidMedia" } };
      return {
        data: { ...wireUpload(media), processing_info: { state: media.state, progress_percent: 100, ...error } },
      };
    },
  },

  createMediaMetadata: {
    method: "POST",
    path: "media/metadata",
    auth: "user",
    run({ app, body, world }) {
      const media = mediaOf(world, app, textOf(body, "id"));
      media.altText = textOf(objectOf(objectOf(body.metadata).alt_text), "text");
      return { data: { id: media.id, associated_metadata: { alt_text: { text: media.altText } } } };
    },
  },
};

/** A file whose first bytes say `broken` is one that X cannot process. */
function isBroken({ data }: Media): boolean {
  return Buffer.from(data.subarray(0, 6)).toString() === "broken";
}

function wireUpload(media: Media): Json {
  return { id: media.id, media_key: mediaKey(media), size: media.data.length, expires_after_secs: 86400 };
}

function mediaOf(world: World, app: App, id: string | undefined): Media {
  const media = world.media.get(id ?? "");
  if (media?.owner === app.user.id) return media;
  throw notFound(`Could not find media with id: [${id}].`);
}

/** The uploads that a post or direct message names; its place must be the one they were made for. */
export function attached(world: World, app: App, ids: readonly string[], place: "tweet" | "dm"): readonly Media[] {
  return ids.map((id) => {
    const media = world.media.get(id);
    const fits = media?.owner === app.user.id && media.state === "succeeded" && media.category.startsWith(`${place}_`);
    if (media === undefined || !fits) throw invalid("Your media IDs are invalid.");
    return media;
  });
}

/** A file that a person attaches. */
export function attachFile(world: World, file: SaidFile, owner: string, place: "tweet" | "dm"): Media {
  const { name, mimeType, altText } = file;
  const kind = mimeType === "image/gif" ? "gif" : mimeType.startsWith("video/") ? "video" : "image";
  const bytes = bytesOf(file);
  const media = addMedia(world, {
    owner,
    category: `${place}_${kind}`,
    name,
    mimeType,
    size: bytes.length,
    state: "succeeded",
  });
  media.data = bytes;
  media.altText = altText;
  return media;
}

function addMedia(world: World, parts: Omit<Media, "id" | "data" | "key" | "altText">): Media {
  const media = { ...parts, id: world.nextId(), data: new Uint8Array(), altText: undefined, key: freshSecret() };
  world.media.set(media.id, media);
  return media;
}
