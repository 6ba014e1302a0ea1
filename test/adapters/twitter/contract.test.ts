import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { twitterSubject } from "./subject.ts";

describe.concurrent("twitter, in public", () => {
  for (const check of adapterContract(twitterSubject("timeline"))) test(check.name, check.run);
});

describe.concurrent("twitter, in direct messages", () => {
  for (const check of adapterContract(twitterSubject("direct"))) test(check.name, check.run);
});
