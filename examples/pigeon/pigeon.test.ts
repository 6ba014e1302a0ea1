// pigeon.test.ts
import { type AdapterSubject, adapterContract } from "hobnob/testing";
import { describe, test } from "vitest";
import { openPigeonPost } from "./fake-pigeon.ts";

const message = { id: "17", room: "loft", from: "ada", text: "Where is my pizza?", at: 1_800_000_000_000 };

const subject: AdapterSubject = {
  abilities: ["webhook", "find"],
  longestPost: 1000,
  fixtures: [
    {
      name: "a message",
      body: JSON.stringify(message),
      events: [{ kind: "message", id: "17", text: "Where is my pizza?", author: { id: "ada", isSelf: false } }],
    },
    {
      name: "its own message",
      body: JSON.stringify({ ...message, from: "bot" }),
      events: [{ kind: "message", author: { isSelf: true } }],
    },
  ],
  open: openPigeonPost,
};

describe.concurrent("pigeon", () => {
  for (const check of adapterContract(subject)) test(check.name, check.run);
});
