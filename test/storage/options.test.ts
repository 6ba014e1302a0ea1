import { expect, test } from "vitest";
import { memory } from "../../src/storage/memory/index.ts";
import { postgres } from "../../src/storage/postgres/index.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";

const url = "postgres://ada:sesame@localhost/bot";

test.each([
  [sqlite, { fil: "x" }, "sqlite() has no option `fil` (did you mean `file`?)."],
  [sqlite, {}, 'Option `file` of sqlite() is missing, for example sqlite({ file: "data/hobnob.db" }).'],
  [sqlite, undefined, "sqlite() takes its options as one object, for example"],
  [sqlite, "data/hobnob.db", "sqlite() takes its options as one object, for example"],
  [sqlite, { file: "" }, "Option `file` of sqlite() is an empty text."],
  [sqlite, { file: 5 }, "Option `file` of sqlite() must be a text, and is of type number."],
  [sqlite, { file: "x", maxBytes: 0 }, "Option `maxBytes` of sqlite() is 0. Write a whole number from 1 on."],
  [sqlite, { file: "x", maxBytes: "1 GB" }, 'Option `maxBytes` of sqlite() is "1 GB".'],
  [sqlite, { file: "x", maxWaiting: Number.NaN }, "Option `maxWaiting` of sqlite() is NaN."],
  [memory, { maxWaitng: 5 }, "memory() has no option `maxWaitng` (did you mean `maxWaiting`?)."],
  [memory, { file: "x" }, "memory() has no option `file`."],
  [memory, { maxWaiting: 1.5 }, "Option `maxWaiting` of memory() is 1.5."],
  [postgres, { ulr: url }, "postgres() has no option `ulr` (did you mean `url`?)."],
  [postgres, {}, "Option `url` of postgres() is missing"],
  [postgres, { url: [url] }, "Option `url` of postgres() must be a text, and is of type object."],
  [postgres, { url, maxWaiting: -1 }, "Option `maxWaiting` of postgres() is -1."],
  [postgres, { url, schema: "" }, "Option `schema` of postgres() is an empty text."],
  [redis, { url: "redis://localhost", durabilty: "none" }, "redis() has no option `durabilty` (did you mean"],
  [redis, { url: "redis://localhost", durability: "all" }, 'of redis() is "all". Write "aof" or "none".'],
  [redis, {}, "Option `url` of redis() is missing"],
] as const)("%o refuses %j", (storage, options, message) => {
  const make = () => (storage as (options: unknown) => unknown)(options);
  expect(make).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(message) }));
  expect(make).not.toThrow(/sesame/);
});

test("what is undefined is left out", () => {
  const options = { file: "x", maxBytes: undefined, maxWaiting: undefined };
  expect(sqlite(options as never).name).toBe("sqlite:x");
  expect(memory().name).toBe("memory:");
});
