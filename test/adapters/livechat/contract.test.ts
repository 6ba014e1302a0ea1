import { describe, test } from "vitest";
import { adapterContract } from "../../../src/testing/index.ts";
import { livechatSubject } from "./subject.ts";

describe.concurrent("livechat", () => {
  for (const check of adapterContract(livechatSubject())) test(check.name, check.run);
});
