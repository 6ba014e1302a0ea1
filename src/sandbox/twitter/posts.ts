import { attached } from "./media.ts";
import { forbidden, invalid, listOf, notFound, type Operations, objectOf, textOf } from "./method.ts";
import { mentioned, weigh } from "./text.ts";
import { type Json, newMedia, newPost, newUser, rootOf, type Wire } from "./wire.ts";
import type { App, Post, World } from "./world.ts";

const LENGTH = 280;

export const postOperations: Operations = {
  createPosts: {
    method: "POST",
    path: "tweets",
    auth: "user",
    status: 201,
    run({ app, body, world, actions }) {
      const text = textOf(body, "text");
      const media = attached(world, app, listOf(objectOf(body.media).media_ids), "tweet");
      if (text === "" && media.length === 0) throw invalid("One or more parameters to your request was invalid.");
      if (media.length > 4 || (media.length > 1 && media.some(({ category }) => category !== "tweet_image"))) {
        throw invalid("Your media IDs are invalid.");
      }
      if (weigh(text) > LENGTH) throw forbidden("Your Tweet text is too long.");
      const answered = objectOf(body.reply).in_reply_to_tweet_id;
      const parent = typeof answered === "string" ? world.posts.get(answered) : undefined;
      if (answered !== undefined && parent === undefined) {
        throw forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.");
      }
      if (parent !== undefined && !isSummoned(parent, app, world)) throw forbidden(NOT_SUMMONED);
      if (text !== "" && isDuplicate({ text, parent, app, world })) {
        throw forbidden("You are not allowed to create a Tweet with duplicate content.");
      }
      const post = actions.post({ author: app.user, text, parent, media });
      return { data: { id: post.id, text, edit_history_tweet_ids: [post.id] } };
    },
  },

  deletePosts: {
    method: "DELETE",
    path: "tweets/:id",
    auth: "user",
    run({ app, path, world, actions }) {
      const post = world.posts.get(path.id!);
      if (post !== undefined && post.author.id !== app.user.id)
        throw forbidden("You are not authorized to delete this Tweet.");
      if (post !== undefined) actions.deletePost(post);
      return { data: { deleted: true } };
    },
  },

  getUsersPosts: {
    method: "GET",
    path: "users/:id/tweets",
    auth: "any",
    run({ path, query, world, url }) {
      if (world.personById(path.id!) === undefined) throw notFound(`Could not find user with id: [${path.id}].`);
      const since = Date.parse(query.get("start_time") ?? "") || 0;
      const own = [...world.posts.values()].filter(({ author, at }) => author.id === path.id && at >= since);
      const from = Number(query.get("pagination_token") ?? 0);
      const to = from + Number(query.get("max_results") ?? 10);
      const data = own.reverse().slice(from, to);
      const meta = { result_count: data.length, ...(own.length > to && { next_token: String(to) }) };
      return { data: data.map((post) => newPost(post, { world, url })), meta };
    },
  },

  getPostsById: {
    method: "GET",
    path: "tweets/:id",
    auth: "any",
    run({ path, world, url }) {
      const post = world.posts.get(path.id!);
      if (post === undefined) throw notFound(`Could not find tweet with id: [${path.id}].`);
      return { data: newPost(post, { world, url }), includes: includesOf([post], { world, url }) };
    },
  },

  searchPostsRecent: {
    method: "GET",
    path: "tweets/search/recent",
    auth: "any",
    run({ query, world, url }) {
      const root = /^conversation_id:(\d+)$/.exec(query.get("query") ?? "")?.[1];
      if (root === undefined) throw invalid("The sandbox looks for `conversation_id:…` only.");
      // The first post of a thread is no answer in it.
      const found = [...world.posts.values()].filter((post) => post.id !== root && rootOf(post).id === root).reverse();
      const data = found.map((post) => newPost(post, { world, url }));
      return { data, includes: includesOf(found, { world, url }), meta: { result_count: data.length } };
    },
  },

  getUsersMe: {
    method: "GET",
    path: "users/me",
    auth: "user",
    run: ({ app }) => ({ data: newUser(app.user) }),
  },

  getUsersById: {
    method: "GET",
    path: "users/:id",
    auth: "any",
    run({ path: { id = "" }, world }) {
      const person = world.personById(id);
      if (person !== undefined) return { data: newUser(person) };
      const detail = `Could not find user with id: [${id}].`;
      const type = "https://api.x.com/2/problems/resource-not-found";
      return {
        errors: [{ value: id, detail, title: "Not Found Error", resource_type: "user", resource_id: id, type }],
      };
    },
  },
};

function includesOf(posts: readonly Post[], wire: Wire): Json {
  const media = posts.flatMap((post) => post.media.map((each) => newMedia(each, wire)));
  return { users: posts.map(({ author }) => newUser(author)), ...(media.length > 0 && { media }) };
}

const NOT_SUMMONED =
  "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.";

/** What an app of the self-serve plan may answer: posts that name its account or quote it, and its own. */
function isSummoned({ author, text, quoted }: Post, app: App, world: World): boolean {
  const { id } = app.user;
  return author.id === id || quoted?.author.id === id || mentioned(world, text).some((person) => person.id === id);
}

// X looks at all of an account's recent posts; those to other people differ by the names before them.
function isDuplicate({
  text,
  parent,
  app,
  world,
}: {
  readonly text: string;
  readonly parent: Post | undefined;
  readonly app: App;
  readonly world: World;
}): boolean {
  return [...world.posts.values()].some(
    (post) => post.author.id === app.user.id && post.text === text && post.parent?.id === parent?.id,
  );
}
