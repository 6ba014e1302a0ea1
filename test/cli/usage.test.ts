import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createProject, launch, launcher, root } from "./stage.ts";

const hobnob = (...args: string[]) => launch([launcher, ...args], tmpdir()).ended;
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

describe.concurrent("hobnob", () => {
  test.each([["--help"], ["-h"], ["help"]])("%s lists the commands and exit codes", async (option) => {
    const { code, stdout, stderr } = await hobnob(option);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/Usage: hobnob <command>/);
    for (const name of ["start", "serve", "work", "audit", "jobs", "dead", "nodes"])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    expect(stdout).toMatch(/Exit codes: 0 .*1 .*2 /s);
  });

  test.each([["start"], ["serve"], ["work"], ["audit"], ["jobs"], ["dead"], ["nodes"]])(
    "%s --help tells options, exit codes and an example",
    async (name) => {
      const { code, stdout } = await hobnob(name, "--help");
      expect(code).toBe(0);
      expect(stdout).toMatch(
        new RegExp(`^Usage: hobnob ${name}[^]*^Options:[^]*--config FILE[^]*^Exit codes: 0[^]*^Example: `, "m"),
      );
    },
  );

  test("help and a command is that command's help", async () => {
    expect((await hobnob("help", "audit")).stdout).toMatch(/^Usage: hobnob audit/m);
  });

  test("--version tells the package's version", async () => {
    expect(await hobnob("--version")).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("without a command shows the help as an error", async () => {
    const { code, stdout, stderr } = await hobnob();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/Usage/);
  });

  test.each([
    [["strat"], /There is no command `strat` \(did you mean `start`\?\)/],
    [["--versoin"], /There is no option `--versoin` \(did you mean `--version`\?\)/],
    [["toString"], /There is no command `toString`/],
    [["start", "--prot", "80"], /`hobnob start` has no option `--prot` \(did you mean `--port`\?\)/],
    [["start", "now"], /`now` is one argument too many/],
    [["start", "--port", "99999"], /`--port` is "99999". Write a whole number from 0 to 65535/],
    [["start", "--port"], /--port.*argument missing/],
    [["start", "--port", "-1"], /`--port` is "-1"\. Write a whole number from 0 to 65535/],
    [["audit", "--since", "-1"], /`--since` is "-1"\. Write a day such as 2026-01-31/],
    [
      ["start", "--config", "-x"],
      /What follows `--config` begins with a dash\. If that is its value, write `--config=…`/,
    ],
    [["start", "--config", "--port"], /What follows `--config` begins with a dash/],
    [["start", "--config="], /`--config` is empty\. Write the name of a file/],
    [["start", "--hepl"], /`hobnob start` has no option `--hepl` \(did you mean `--help`\?\)/],
    [["--version", "foo"], /`foo` is one argument too many for `hobnob --version`/],
    [["help", "start", "foo"], /`foo` is one argument too many for `hobnob help start`/],
    [["--help", "start", "foo"], /`foo` is one argument too many for `hobnob --help start`/],
    [["help", "strat"], /There is no command `strat` \(did you mean `start`\?\)/],
    [["serve", "--pool", "gpu"], /`hobnob serve` has no option `--pool`/],
    [["serve", "--no-sandbox"], /`hobnob serve` has no option `--no-sandbox`/],
    [["work", "--concurrency", "0"], /`--concurrency` is "0". Write a whole number from 1/],
    [["work", "--pool", ""], /`--pool` is empty/],
    [["work", "gpu"], /`gpu` is one argument too many/],
    [["audit", "--since", "yesterday"], /`--since` is "yesterday". Write a day such as 2026-01-31/],
    [["audit", "--since", "2026-13-01"], /`--since` is "2026-13-01"/],
    [["audit", "--jsno"], /did you mean `--json`/],
    [["jobs", "--limit", "0"], /`--limit` is "0"/],
    [["dead"], /What is to be done is missing/],
    [["dead", "lst"], /`hobnob dead` has no `lst` \(did you mean `list`\?\)/],
    [["dead", "list", "3"], /takes no id/],
    [["dead", "list", "--all"], /`hobnob dead list` has no option `--all`/],
    [["dead", "show"], /needs an id/],
    [["dead", "show", "3", "--json", "--payload"], /--json or --payload, not both/],
    [["dead", "retry"], /needs an id/],
    [["dead", "retry", "3", "--all"], /an id or --all, not both/],
    [["dead", "discard", "--all"], /Add --yes/],
    [["dead", "edit", "3"], /needs the new payload/],
    [
      ["dead", "edit", "3", "--payload", "{secret"],
      /^error: --payload is not JSON\. Mind the shell's quotes\. \[USAGE\]$/,
    ],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stdout, stderr } = await hobnob(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(message)]);
  });
});

describe.concurrent("the launcher", () => {
  // A Node that says it is older.
  const old = ["--import", 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.1.0"})'];

  test("runs through a symlink, as from node_modules/.bin", async () => {
    using project = createProject();
    mkdirSync(join(project.folder, "node_modules/.bin"));
    symlinkSync("../hobnob/bin/hobnob.js", join(project.folder, "node_modules/.bin/hobnob"));
    const link = join(project.folder, "node_modules/.bin/hobnob");
    expect(await launch([link, "--version"], project.folder).ended).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test("finds a newer Node when it is run by an older one, and passes on arguments and exit codes", async () => {
    expect(await launch([...old, launcher, "--version"], tmpdir()).ended).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
    });
    expect(await launch([...old, launcher, "strat"], tmpdir()).ended).toMatchObject({ code: 2 });
  });

  test("passes on signals to the newer Node", async () => {
    using project = createProject();
    const bot = launch([...old, launcher, "start", "--port", "0"], project.folder);
    await bot.said("Ctrl+C stops it.");
    bot.process.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 0, signal: null, stderr: expect.stringMatching(/Stopped/) });
  });

  test("says what to install when there is no newer Node", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hobnob-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(launcher, join(folder, "hobnob.mjs"));
    const { code, stderr } = await launch([...old, join(folder, "hobnob.mjs"), "--version"], folder).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Hobnob needs Node 24 or newer, and this is Node 20\.1\.0\. Install .*\n$/);
  });
});
