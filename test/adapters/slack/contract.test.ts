import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { slackSubject } from "./subject.ts";

describe.concurrent("slack", () => {
  for (const check of adapterContract(slackSubject())) test(check.name, check.run);
});
