import { createHash, randomBytes } from "node:crypto";

/** An id like those of people and groups: fourteen digits. The same seed has the same id in every run. */
export function accountId(seed: string): number {
  return 10 ** 13 + Number(createHash("sha256").update(seed).digest().readBigUInt64BE() % BigInt(8 * 10 ** 13));
}

/** A secret that nobody can guess. */
export function freshSecret(): string {
  return randomBytes(24).toString("base64url");
}

/** An id like those of webhooks and of their invocations: 26 capitals and digits. */
export function ulid(seed: string): string {
  const digits = createHash("sha256").update(seed).digest("hex").toUpperCase();
  return `01${digits.slice(0, 24)}`;
}

/** Ids of what is made while the sandbox runs. Bots remember them for longer than it lives, so none comes twice, not after a restart either. */
export function createNumbers() {
  let ticket = Math.floor((Date.now() - Date.UTC(2026, 0)) / 1000);
  let row = Date.now() * 10;
  return {
    ticket: () => ++ticket,
    /** Of comments, audits, attachments. */
    row: () => ++row,
  };
}

/** The time as Zendesk writes it: to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
