import { test } from "vitest";
import { twitterSubject } from "../adapters/twitter/subject.ts";
import { type Exceptions, examineContract } from "./examine.ts";
import { loadSpec } from "./spec.ts";

const RENAMED =
  "The description is on its way from tweets to posts: its streams, and X's SDKs, still say `tweet.fields`.";
const EXPANDED = "X's pages list it among the fields; the description has it among the expansions.";

const BOTH: Exceptions = {
  'GET /2/dm_conversations/with/{participant_id}/dm_events: argument /dm_event.fields/* is "sender_id", which is none of the choices':
    EXPANDED,
  'GET /2/users/{id}: argument /user.fields/* is "affiliation", which is none of the choices': EXPANDED,
  "POST /2/media/upload/{id}/finalize: takes no application/json":
    "The SDK sends an empty object where nothing is asked for.",
};

const EXCEPTIONS: Readonly<Record<"timeline" | "direct", Exceptions>> = {
  timeline: {
    ...BOTH,
    "GET /2/tweets/search/recent: argument /tweet.fields is not known": RENAMED,
    "GET /2/tweets/{id}: argument /tweet.fields is not known": RENAMED,
    "GET /2/users/{id}/tweets: argument /tweet.fields is not known": RENAMED,
  },
  direct: BOTH,
};

test.each(["timeline", "direct"] as const)(
  "the X adapter calls, and the simulator answers, as X's description of its API says, in %s",
  async (place) => {
    const spec = loadSpec("twitter", { toPath: (path) => (path.startsWith("2/") ? `/${path}` : undefined) });
    await examineContract((onCall) => twitterSubject(place, onCall), spec, EXCEPTIONS[place]);
  },
);
