import { attached } from "./media.ts";
import { invalid, notFound, type Operations, objectOf, textOf } from "./method.ts";
import { newDirect, newMedia, newUser } from "./wire.ts";

const LENGTH = 10_000;

export const directOperations: Operations = {
  createDirectMessagesByParticipantId: {
    method: "POST",
    path: "dm_conversations/with/:participant_id/messages",
    auth: "user",
    status: 201,
    run({ app, path, body, world, actions }) {
      const person = world.personById(path.participant_id!);
      if (person === undefined || person.id === app.user.id) throw invalid("The participant id is not valid.");
      const text = textOf(body, "text");
      const given = Array.isArray(body.attachments) ? body.attachments.map(objectOf) : [];
      if (given.length > 1) throw invalid("$.attachments: there must be a maximum of 1 items in the array");
      const [media] = attached(
        world,
        app,
        given.map(({ media_id }) => String(media_id)),
        "dm",
      );
      if (text === "" && media === undefined) throw invalid("One of `text` or `attachments` must be given.");
      if (Array.from(text).length > LENGTH) throw invalid("The text of the message is too long.");
      const direct = actions.write({ sender: app.user, person, app, text, media });
      return { data: { dm_conversation_id: `${person.id}-${app.user.id}`, dm_event_id: direct.id } };
    },
  },

  getDirectMessagesEventsByParticipantId: {
    method: "GET",
    path: "dm_conversations/with/:participant_id/dm_events",
    auth: "user",
    run({ app, path, query, world, url }) {
      const person = world.personById(path.participant_id!);
      if (person === undefined) throw notFound("Could not find this conversation.");
      const directs = world
        .directsOf(person, app)
        .toReversed()
        .slice(0, Number(query.get("max_results") ?? 100));
      const media = directs.flatMap((direct) => direct.media ?? []);
      return {
        data: directs.map((direct) => newDirect(direct, { world, url })),
        includes: {
          users: [newUser(person), newUser(app.user)],
          ...(media.length > 0 && { media: media.map((each) => newMedia(each, { world, url })) }),
        },
        meta: { result_count: directs.length },
      };
    },
  },

  deleteDirectMessagesEvents: {
    method: "DELETE",
    path: "dm_events/:id",
    auth: "user",
    run({ path, world }) {
      world.removeDirect(path.id!);
      return { data: { deleted: true } };
    },
  },
};
