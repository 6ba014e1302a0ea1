import type { Adapter, AdapterHost, Attachment, Button, Capability, Conversation, Visibility } from "../core/index.ts";

/** A post of the bot as the test platform shows it. */
export interface Post {
  readonly id: string;
  readonly conversation: Conversation;
  text: string;
  readonly attachments: readonly Attachment[];
  readonly buttons: readonly Button[];
  readonly visibility: Visibility;
  readonly ref: string;
  isDeleted: boolean;
}

/** What a bot has done, on all of its platforms. */
export interface TestWorld {
  readonly posts: Post[];
  readonly reactions: { readonly to: string; readonly name: string }[];
}

/** A platform in memory that can edit, delete, react, show that it types, and find its posts: for tests of plugins. */
export interface TestAdapter extends Adapter {
  readonly host: AdapterHost;
}

export function createTestAdapter(
  name: string,
  { posts, reactions }: TestWorld,
  without: readonly Capability[],
): TestAdapter {
  let host: AdapterHost | undefined;
  const find = (id: string) => posts.find((post) => post.id === id);
  const adapter: TestAdapter = {
    name,
    platform: "test",
    limits: { textLength: 4000, ackSeconds: 3, inlineAck: false },
    paths: [],
    missing: [],
    get host() {
      if (host === undefined) throw new Error("The test bot has not been started.");
      return host;
    },
    async start(given) {
      host = given;
    },
    async send(conversation, { text, attachments, buttons, visibility, ref }) {
      const id = `post-${posts.length + 1}`;
      posts.push({ id, conversation, text, attachments, buttons, visibility, ref, isDeleted: false });
      return { id, conversation };
    },
    async edit({ id }, { text }) {
      const post = find(id);
      if (post !== undefined) post.text = text;
    },
    async delete({ id }) {
      const post = find(id);
      if (post !== undefined) post.isDeleted = true;
    },
    async react({ id }, emoji) {
      if (!reactions.some((reaction) => reaction.to === id && reaction.name === emoji))
        reactions.push({ to: id, name: emoji });
    },
    async typing() {},
    async find(_, { ref }) {
      const post = posts.find((candidate) => candidate.ref === ref);
      return post === undefined ? undefined : { id: post.id, conversation: post.conversation };
    },
  };
  for (const capability of without) delete adapter[capability];
  return adapter;
}
