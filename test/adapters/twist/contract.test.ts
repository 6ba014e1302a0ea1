import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { twistSubject } from "./subject.ts";

describe.concurrent("twist", () => {
  for (const check of adapterContract(twistSubject())) test(check.name, check.run);
});
