import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProject, type Project, type RunningBot } from "./stage.ts";

const MESSAGES = 300;

async function audit(project: Project) {
  const { code, stdout } = await project.hobnob(["audit", "--json"]);
  return { code, ...(JSON.parse(stdout) as { ok: boolean; totals: Record<string, number> }) };
}

/** Sends messages of these numbers, some at a time; resolves with their statuses. */
async function talk(bot: RunningBot, from: number, to: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let id = from; id < to; id += 10) {
    const some = Array.from({ length: Math.min(10, to - id) }, (_, index) => `${id + index}`);
    statuses.push(...(await Promise.all(some.map((name) => bot.hears(name, `toast ${name}`)))));
  }
  return statuses;
}

test("a bot that is spoken to is copied; restored, it knows what came before the copy and takes the rest again", async () => {
  using project = createProject();
  mkdirSync(join(project.folder, "backups"));
  const bot = await project.start();
  await talk(bot, 0, 100);
  const talking = talk(bot, 100, MESSAGES);
  const { code, stdout, stderr } = await project.hobnob(["backup", "backups/copy.db"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\/.*backups\/copy\.db: \d+\.\d MB, whole\n$/);
  expect(await talking).toEqual(Array(MESSAGES - 100).fill(200));
  bot.process.kill("SIGKILL");
  await bot.ended;

  // As docs/deploy.md says.
  for (const file of readdirSync(join(project.folder, "data"))) rmSync(join(project.folder, "data", file));
  copyFileSync(join(project.folder, "backups/copy.db"), join(project.folder, "data/test.db"));
  expect(await audit(project)).toMatchObject({ code: 0, ok: true });
  const again = await project.start();
  const statuses = await talk(again, 0, MESSAGES);
  expect(statuses.slice(0, 100)).toEqual(Array(100).fill(208));
  expect(statuses.slice(100).every((status) => status === 200 || status === 208)).toBe(true);
  expect(await again.stop()).toMatchObject({ code: 0 });
  const { ok, totals } = await audit(project);
  expect({ ok, received: totals.received }).toEqual({ ok: true, received: MESSAGES });
});

test("a stopped bot is copied too", async () => {
  using project = createProject();
  const bot = await project.start();
  await talk(bot, 0, 10);
  await bot.stop();
  expect(await project.hobnob(["backup", "copy.db"])).toMatchObject({ code: 0 });
  expect(readdirSync(project.folder).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
});

test("what cannot be copied is told", async () => {
  using project = createProject();
  const none = await project.hobnob(["backup", "copy.db"]);
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(
    /^error: There is no \/.*data\/test\.db\. Run this in the bot's folder, .*\[STORAGE_MISSING\]\n$/,
  );
  expect(readdirSync(project.folder)).not.toContain("data");

  const bot = await project.start();
  writeFileSync(join(project.folder, "taken.db"), "");
  const taken = await project.hobnob(["backup", "taken.db"]);
  expect(taken.stderr).toMatch(/taken\.db is there already\. .*\[BACKUP_EXISTS\]/);
  const nowhere = await project.hobnob(["backup", "none/copy.db"]);
  expect(nowhere.stderr).toMatch(/copy\.db could not be written: ENOENT.*\[BACKUP_FAILED\]/);
  expect(await project.hobnob(["backup"])).toMatchObject({ code: 2 });
  await bot.stop();
});
