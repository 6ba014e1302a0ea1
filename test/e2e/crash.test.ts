import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { openCrashStage, pause } from "./stage.ts";

const CONVERSATIONS = 40;
const EACH = 50;
const KILLS = 20;

test(`${CONVERSATIONS * EACH} messages, ${KILLS} kills: every acknowledged one is answered, once, in order`, {
  timeout: 180_000,
}, async () => {
  await using stage = await openCrashStage();
  const random = createRandom(Date.now());
  const people = Array.from({ length: CONVERSATIONS }, (_, index) => `p${index}`);

  const talking = people.map(async (user) => {
    for (let n = 0; n < EACH; n++)
      await stage.acknowledged(await stage.say({ text: `${n}`, user, conversation: `@${user}` }));
  });
  const killing = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await pause(50 + random.below(350));
      await stage.bot.kill();
    }
  })();
  await Promise.all([...talking, killing]);

  const wanted = Array.from({ length: EACH }, (_, n) => `done ${n}`);
  for (const user of people) {
    expect(await stage.answers(`@${user}`, EACH), `answers to ${user}`).toEqual(wanted);
  }
  await stage.bot.stop();
  // The judge looks once more: nothing may have come after the last.
  for (const user of people) expect(await stage.answers(`@${user}`, EACH)).toEqual(wanted);
  const audit = await stage.project.hobnob(["audit", "--json"]);
  expect(audit.code, audit.stdout + audit.stderr).toBe(0);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true });
  expect(stage.bot.starts).toBe(KILLS + 1);
});

test("an event that comes four times, also after a restart, runs once", { timeout: 60_000 }, async () => {
  await using stage = await openCrashStage();
  const id = await stage.say("pizza, please");
  await stage.answers("general", 1);
  const again = () => stage.control("/slack/redeliver", { id });
  expect((await again()).status).toBe(200);
  await stage.bot.kill();
  await again();
  await again();
  await stage.acknowledged(id);
  // A later message that is answered proves that the earlier deliveries have been through.
  await stage.say("one more pizza");
  expect(await stage.answers("general", 2)).toEqual(["Pizza is on the way!", "Pizza is on the way!"]);
});

test("a handler that fails, is redelivered and loses its process still gets to its end, and says nothing twice", {
  timeout: 60_000,
}, async () => {
  await using stage = await openCrashStage();
  const id = await stage.say("stumble");
  await stage.answers("general", 1);
  await stage.control("/slack/redeliver", { id });
  await stage.bot.kill();
  expect(await stage.answers("general", 2)).toEqual(["first words", "last words"]);
});

test("a message that kills the process each time becomes a dead letter, and the others are answered", {
  timeout: 60_000,
}, async () => {
  await using stage = await openCrashStage();
  await stage.say({ text: "pizza before", conversation: "random" });
  await stage.say("bomb");
  await stage.say({ text: "pizza after", conversation: "random" });
  // One start and one for each attempt it had.
  await stage.bot.started(4);
  expect(await stage.answers("random", 2)).toEqual(["Pizza is on the way!", "Pizza is on the way!"]);
  await stage.say({ text: "pizza at last", conversation: "support" });
  await stage.answers("support", 1);
  const { stdout } = await stage.project.hobnob(["dead", "list", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject([{ plugin: "worker", attempts: 4, errors: [{ code: "ATTEMPTS_USED_UP" }] }]);
  expect(stage.bot.starts).toBe(4);
});
