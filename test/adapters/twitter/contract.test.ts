import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { twitterSubject } from "./subject.ts";

describe.concurrent("twitter", () => {
  for (const check of adapterContract(twitterSubject())) test(check.name, check.run);
});
