import type { WireText } from "./text.ts";
import { encodeText } from "./text.ts";
import type { Direct, Media, Person, Post, World } from "./world.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What objects of the API are made with. */
export interface Wire {
  readonly world: World;
  /** Base URL of the simulator. */
  readonly url: string;
}

const CUT = 140;

/** A post as Account Activity sends it: an object of v1.1, whose long texts stand apart. */
export function oldPost(post: Post, wire: Wire): Json {
  const whole = encodeText(wire.world, post);
  const points = Array.from(whole.text);
  const isCut = points.length > CUT;
  const cut = isCut ? `${points.slice(0, CUT - 25).join("")}… https://t.co/cut` : whole.text;
  const entities = oldEntities(whole, wire);
  const within = (list: readonly { readonly indices: readonly number[] }[]) =>
    isCut ? list.filter(({ indices }) => indices[1]! <= CUT - 25) : list;
  const { parent, quoted, author } = post;
  const extended = whole.media.length > 0 && { extended_entities: { media: entities.media } };
  return {
    created_at: oldDate(post.at),
    // As a number it loses its last digits, and X sends it all the same.
    id: Number(post.id),
    id_str: post.id,
    text: cut,
    ...(!isCut && { display_text_range: whole.range }),
    source: '<a href="https://mobile.x.com">X Web App</a>',
    truncated: isCut,
    in_reply_to_status_id: parent ? Number(parent.id) : null,
    in_reply_to_status_id_str: parent?.id ?? null,
    in_reply_to_user_id: parent ? Number(parent.author.id) : null,
    in_reply_to_user_id_str: parent?.author.id ?? null,
    in_reply_to_screen_name: parent?.author.handle ?? null,
    user: oldUser(author),
    is_quote_status: quoted !== undefined,
    ...(quoted && { quoted_status_id_str: quoted.id, quoted_status: oldQuoted(quoted, wire) }),
    quote_count: 0,
    reply_count: 0,
    retweet_count: 0,
    favorite_count: 0,
    ...(isCut && {
      extended_tweet: { full_text: whole.text, display_text_range: whole.range, entities, ...extended },
    }),
    entities: {
      ...entities,
      user_mentions: within(entities.user_mentions),
      urls: within(entities.urls),
      ...(isCut && { media: [] }),
    },
    ...(!isCut && extended),
    favorited: false,
    retweeted: false,
    lang: "en",
    filter_level: "low",
    timestamp_ms: String(post.at),
  };
}

// One level is enough: what a quoted post quotes is not sent.
function oldQuoted(post: Post, { world }: Wire): Json {
  return {
    id_str: post.id,
    text: encodeText(world, post).text,
    user: oldUser(post.author),
    created_at: oldDate(post.at),
  };
}

function oldEntities(text: WireText, { url }: Wire) {
  return {
    hashtags: [],
    symbols: [],
    urls: text.links.map(({ start, end, short, long }) => ({
      url: short,
      expanded_url: long,
      display_url: long.replace(/^https?:\/\//, ""),
      indices: [start, end],
    })),
    user_mentions: text.mentions.map(({ start, end, person }) => ({
      screen_name: person.handle,
      name: person.handle,
      id: Number(person.id),
      id_str: person.id,
      indices: [start, end],
    })),
    media: text.media.map(({ start, end, short, media }) => ({
      ...oldMedia(media, `${url}/media/${media.id}/${encodeURIComponent(media.name)}`),
      url: short,
      indices: [start, end],
    })),
  };
}

function oldMedia(media: Media, address: string): Json {
  const isFilm = !media.category.endsWith("image");
  return {
    id_str: media.id,
    media_url_https: address,
    type: isFilm ? (media.category.endsWith("gif") ? "animated_gif" : "video") : "photo",
    ...(media.altText !== undefined && { ext_alt_text: media.altText }),
    ...(media.mimeType === "video/mp4" && {
      video_info: { variants: [{ bitrate: 832000, content_type: media.mimeType, url: address }] },
    }),
  };
}

export function oldUser({ id, handle }: Person): Json {
  return {
    id: Number(id),
    id_str: id,
    name: handle,
    screen_name: handle,
    protected: false,
    verified: false,
    followers_count: 22,
  };
}

/** A direct message as both families of events send it. */
export function oldDirect(direct: Direct, { world, url }: Wire): Json {
  const { id, at, sender, person, app, media } = direct;
  const recipient = sender.id === person.id ? app.user : person;
  const text = encodeText(world, { id, text: direct.text, carried: [], media: media ? [media] : [] });
  const { media: shown, ...entities } = oldEntities(text, { world, url });
  const address = `${url}/1.1/ton/data/dm/${id}/${media?.id}/${encodeURIComponent(media?.name ?? "")}`;
  return {
    type: "message_create",
    id,
    created_timestamp: String(at),
    message_create: {
      target: { recipient_id: recipient.id },
      sender_id: sender.id,
      message_data: {
        text: text.text,
        entities,
        ...(media && { attachment: { type: "media", media: { ...shown[0], media_url_https: address } } }),
      },
    },
  };
}

/** A post as the API and X Activity send it. */
export function newPost(post: Post, { world }: Wire): Json {
  const text = encodeText(world, post);
  const { parent, quoted, media } = post;
  const references = [parent && { type: "replied_to", id: parent.id }, quoted && { type: "quoted", id: quoted.id }];
  return {
    id: post.id,
    text: text.text,
    author_id: post.author.id,
    created_at: new Date(post.at).toISOString(),
    conversation_id: rootOf(post).id,
    edit_history_tweet_ids: [post.id],
    display_text_range: text.range,
    entities: newEntities(text),
    ...(parent && { in_reply_to_user_id: parent.author.id, in_reply_to_tweet_id: parent.id }),
    ...((parent || quoted) && { referenced_tweets: references.filter((each) => each !== undefined) }),
    ...(media.length > 0 && { attachments: { media_keys: media.map(mediaKey) } }),
    lang: "en",
    possibly_sensitive: false,
  };
}

function newEntities(text: WireText): Json {
  return {
    mentions: text.mentions.map(({ start, end, person }) => ({ start, end, username: person.handle, id: person.id })),
    urls: [
      ...text.links.map(({ start, end, short, long }) => ({ start, end, url: short, expanded_url: long })),
      ...text.media.map(({ start, end, short, media }) => ({
        start,
        end,
        url: short,
        expanded_url: `https://x.com/i/status/${media.id}/photo/1`,
        media_key: mediaKey(media),
      })),
    ],
  };
}

/** A direct message as the API lists it. */
export function newDirect({ id, text, media, sender, at }: Direct, { world }: Wire): Json {
  const encoded = encodeText(world, { id, text, carried: [], media: media ? [media] : [] });
  return {
    id,
    event_type: "MessageCreate",
    text: encoded.text,
    sender_id: sender.id,
    created_at: new Date(at).toISOString(),
    entities: newEntities(encoded),
    ...(media && { attachments: { media_keys: [mediaKey(media)] } }),
  };
}

export function newMedia(media: Media, { url }: Wire): Json {
  return {
    media_key: mediaKey(media),
    type: media.category.endsWith("image") ? "photo" : "video",
    url: `${url}/media/${media.id}/${encodeURIComponent(media.name)}`,
    ...(media.altText !== undefined && { alt_text: media.altText }),
  };
}

export function newUser({ id, handle, isBot }: Person): Json {
  return {
    id,
    name: handle,
    username: handle,
    protected: false,
    verified: false,
    verified_type: "none",
    ...(isBot && { affiliation: { description: "Automated" } }),
  };
}

export function mediaKey({ id }: Media): string {
  return `3_${id}`;
}

export function rootOf(post: Post): Post {
  return post.parent === undefined ? post : rootOf(post.parent);
}

function oldDate(at: number): string {
  const [day, date, month, year, time] = new Date(at).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${date} ${time} +0000 ${year}`;
}
