import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { slackSubject } from "./subject.ts";

describe.concurrent("slack, in its own workspace", () => {
  for (const check of adapterContract(slackSubject("own"))) test(check.name, check.run);
});

describe.concurrent("slack, in a workspace where it was installed", () => {
  for (const check of adapterContract(slackSubject("installed"))) test(check.name, check.run);
});
