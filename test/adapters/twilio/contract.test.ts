import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { twilioSubject } from "./subject.ts";

describe.concurrent("twilio", () => {
  for (const check of adapterContract(twilioSubject())) test(check.name, check.run);
});
