import type { Attachment } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";

const MIME_TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  mp4: "video/mp4",
};

/** Pictures and films of a post or direct message; those without an address are left out. */
export function readMedia(list: readonly unknown[]): readonly Attachment[] {
  return list.flatMap((media) => {
    if (!isFields(media)) return [];
    const url = filmOf(media) ?? maybeString(media, "media_url_https") ?? maybeString(media, "url");
    if (url === undefined || !URL.canParse(url)) return [];
    const id = maybeString(media, "id_str") ?? maybeString(media, "media_key");
    const altText = maybeString(media, "ext_alt_text") ?? maybeString(media, "alt_text");
    const { name, mimeType } = nameOf(new URL(url), id, maybeString(media, "type"));
    return [{ name, mimeType, url, ...(altText !== undefined && { altText }) }];
  });
}

function nameOf({ pathname }: URL, id: string | undefined, type: string | undefined) {
  const last = pathname.split("/").at(-1) ?? "";
  const known = MIME_TYPES[last.split(".").at(-1)?.toLowerCase() ?? ""];
  const mimeType =
    known ?? (type === "photo" ? "image/jpeg" : type === undefined ? "application/octet-stream" : "video/mp4");
  return { name: last === "" ? (id ?? "media") : last, mimeType };
}

/** The best of a film's versions; a moving GIF is one too. */
function filmOf(media: Fields): string | undefined {
  const variants = readList(maybeFields(media, "video_info") ?? media, "variants").filter(isFields);
  const films = variants.filter((variant) => variant.content_type === "video/mp4");
  const rateOf = ({ bitrate, bit_rate }: Fields) => Number(bitrate ?? bit_rate ?? 0);
  const best = films.toSorted((a, b) => rateOf(b) - rateOf(a))[0];
  return best && maybeString(best, "url");
}
