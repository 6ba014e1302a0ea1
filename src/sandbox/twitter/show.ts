import type { ShownMessage } from "../shown.ts";
import { rootOf } from "./wire.ts";
import type { Direct, Media, Person, Post } from "./world.ts";

/** How posts and direct messages look to people. */
export interface Show {
  post(post: Post): ShownMessage;
  direct(direct: Direct): ShownMessage;
}

export function createShow(isOwn: (person: Person) => boolean, url: () => string): Show {
  function attachment({ id, name, mimeType, key, altText }: Media) {
    const link = `${url()}/media/${id}/${encodeURIComponent(name)}?key=${key}`;
    return { name, mimeType, url: link, ...(altText !== undefined && { altText }) };
  }

  function shown(what: {
    readonly id: string;
    readonly author: Person;
    readonly text: string;
    readonly media: readonly Media[];
    readonly at: number;
    readonly thread: string | null;
  }): ShownMessage {
    const { id, author, text, media, at, thread } = what;
    return {
      id,
      author: author.handle,
      self: isOwn(author),
      bot: author.isBot,
      text,
      thread,
      visibility: "everyone",
      attachments: media.map(attachment),
      buttons: [],
      reactions: [],
      edited: false,
      at: new Date(at).toISOString(),
    };
  }

  return {
    post: (post) => shown({ ...post, thread: post.parent === undefined ? null : rootOf(post).id }),
    direct: ({ sender, media, ...direct }) =>
      shown({ ...direct, author: sender, media: media ? [media] : [], thread: null }),
  };
}
