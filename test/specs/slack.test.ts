import { test } from "vitest";
import { slackSubject } from "../adapters/slack/subject.ts";
import { type Exceptions, examineContract } from "./examine.ts";
import { loadSpec } from "./spec.ts";

// Slack's description is of 2021, and Slack no longer keeps it.
const LATER = "It came after the description: message metadata in 2022, uploads in three steps in 2023.";
const MORE = "Newer messages carry it, and nobody who reads them depends on it.";
const CURSOR = "Where there is more, Slack hands out a cursor.";
const LEFT_OUT = "Slack's own examples leave it out.";
const PICTURES = "The simulator's bots have no pictures.";

const EXCEPTIONS: Exceptions = {
  "POST /files.getUploadURLExternal: not in the description": LATER,
  "POST /files.completeUploadExternal: not in the description": LATER,
  "/chat.postMessage: argument /metadata is not known": LATER,
  "/conversations.replies: argument /include_all_metadata is not known": LATER,
  "objs_message /metadata is not known": LATER,
  "objs_message /app_id is not known": MORE,
  "objs_bot_profile /user_id is not known": MORE,
  "objs_bot_profile /icons/image_36 is missing": PICTURES,
  "objs_bot_profile /icons/image_48 is missing": PICTURES,
  "objs_bot_profile /icons/image_72 is missing": PICTURES,
  "/chat.update: answer 200 /message/blocks must be object": "Blocks are a list, there as elsewhere.",
  "/conversations.replies: answer 200 /response_metadata is not known": CURSOR,
  "/conversations.history: answer 200 /response_metadata is not known": CURSOR,
  "/conversations.history: answer 200 /channel_actions_count is missing": LEFT_OUT,
  "/conversations.history: answer 200 /channel_actions_ts is missing": LEFT_OUT,
  "/conversations.history: answer 200 /messages must NOT have fewer than 1 items": "Nothing new is an empty list.",
};

test("the Slack adapter calls, and the simulator answers, as Slack's description of its Web API says", async () => {
  const spec = loadSpec("slack", {
    toPath: (path) => (path.startsWith("api/") ? path.slice("api".length) : undefined),
    isMethodFree: true,
    answerOf: ({ answer }) => ((JSON.parse(answer) as { ok: boolean }).ok ? "200" : "default"),
    elsewhere: ["token"],
  });
  await examineContract((onCall) => slackSubject("own", onCall), spec, EXCEPTIONS);
});
