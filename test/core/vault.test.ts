import { expect, test } from "vitest";
import { createBot, systemClock } from "../../src/core/index.ts";
import { createKeyring, createVault } from "../../src/core/vault.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { listOf } from "../storage/desk.ts";

const OLD = "correct horse battery staple";
const NEW = "another secret altogether";

async function openValues() {
  const storage = memory();
  await storage.open({
    clock: { ...systemClock, after: () => () => {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  return storage.values;
}

test("what is stored in a vault can be read again, and not without the secret", async () => {
  const values = await openValues();
  const vault = createVault(values, "adapter:a:vault", createKeyring(OLD));
  await vault.set("T1", { token: "xoxb-very-secret" });
  expect(await vault.get("T1")).toEqual({ token: "xoxb-very-secret" });
  expect(await values.get("adapter:a:vault:T1")).not.toContain("secret");

  const other = createVault(values, "adapter:a:vault", createKeyring(NEW));
  await expect(other.get("T1")).rejects.toMatchObject({ code: "VAULT_UNREADABLE" });
  const both = createVault(values, "adapter:a:vault", createKeyring([NEW, OLD]));
  expect(await both.get("T1")).toEqual({ token: "xoxb-very-secret" });
  await both.update<{ token: string }>("T1", (now) => ({ token: `${now?.token}!` }));
  expect(await other.get("T1")).toEqual({ token: "xoxb-very-secret!" });
});

test("a token put in another's place is refused", async () => {
  const values = await openValues();
  const vault = createVault(values, "v", createKeyring(OLD));
  await vault.set("ada", "token of ada");
  await values.set("v:bob", (await values.get("v:ada"))!);
  await expect(vault.get("bob")).rejects.toMatchObject({ code: "VAULT_UNREADABLE" });
  await values.set("v:ada", "v1.rubbish");
  await expect(vault.get("ada")).rejects.toMatchObject({ code: "VAULT_UNREADABLE" });
});

test("a vault lists, deletes and forgets", async () => {
  const vault = createVault(await openValues(), "v", createKeyring(OLD));
  await vault.set("team/1", 1);
  await vault.set("team/2", 2);
  await vault.set("user/1", 3);
  expect(await listOf(vault.keys("team/"))).toEqual(["team/1", "team/2"]);
  await vault.update("team/1", () => undefined);
  expect(await vault.delete("team/2")).toBe(true);
  expect(await listOf(vault.keys())).toEqual(["user/1"]);
});

test("without a secret, or with a short one, nothing is stored", async () => {
  const vault = createVault(await openValues(), "v", createKeyring(undefined));
  await expect(vault.set("a", 1)).rejects.toMatchObject({ code: "CONFIG_SECRET" });
  const config = { name: "x", storage: memory(), adapters: [], plugins: [] };
  expect(() => createBot({ ...config, secret: "short" })).toThrow(/16 characters.*openssl rand/);
});
