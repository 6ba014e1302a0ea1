import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { HobnobError } from "./errors.ts";
import type { KeyValues } from "./storage.ts";

/** Durable state that nobody reads who only has the storage: tokens. Values are JSON, encrypted with the config's `secret`. */
export interface Vault {
  /** @throws HobnobError `VAULT_UNREADABLE` when the secret is another now, `CONFIG_SECRET` without one */
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  /** Reads, changes and writes as one atomic act. `change` must be pure; returning undefined deletes. */
  update<T>(key: string, change: (current: T | undefined) => T | undefined): Promise<T | undefined>;
  delete(key: string): Promise<boolean>;
  /** The keys that begin with `prefix`. */
  keys(prefix?: string): AsyncIterable<string>;
}

/** Turns a secret into keys; slow on purpose, so it is done once a bot. */
export type Keyring = () => Promise<readonly Buffer[]>;

const FORMAT = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SHORTEST_SECRET = 16;
const derive = promisify<string, string, number, Buffer>(scrypt);

/** @throws HobnobError `CONFIG_SECRET` at once for a secret that is too short; for none at all once it is needed */
export function createKeyring(secret: string | readonly string[] | undefined): Keyring {
  const secrets = (typeof secret === "string" ? [secret] : (secret ?? [])).filter((one) => one !== "");
  if (secrets.some((one) => one.length < SHORTEST_SECRET)) {
    throw new HobnobError(
      "CONFIG_SECRET",
      `\`secret\` in the config (HOBNOB_SECRET) needs at least ${SHORTEST_SECRET} characters. Make one with: openssl rand -hex 32`,
    );
  }
  let keys: Promise<readonly Buffer[]> | undefined;
  return () => {
    if (secrets.length === 0) {
      throw new HobnobError(
        "CONFIG_SECRET",
        "A token is to be stored, and `secret` in the config (HOBNOB_SECRET) is not set. Make one with: openssl rand -hex 32",
      );
    }
    keys ??= Promise.all(secrets.map((one) => derive(one, "hobnob vault", 32)));
    return keys;
  };
}

/** A vault over a storage's values, in a namespace of its own. */
export function createVault(values: KeyValues, namespace: string, keyring: Keyring): Vault {
  const prefix = `${namespace}:`;

  function decrypt(key: string, sealed: string, keys: readonly Buffer[]): unknown {
    const [format, data = ""] = sealed.split(".");
    const bytes = Buffer.from(data, "base64url");
    if (format === FORMAT && bytes.length > IV_BYTES + TAG_BYTES) {
      for (const one of keys) {
        const decipher = createDecipheriv("aes-256-gcm", one, bytes.subarray(0, IV_BYTES));
        // Bound to its key, so that one token cannot be put in another's place.
        decipher.setAAD(Buffer.from(prefix + key));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        try {
          const text =
            decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
          return JSON.parse(text);
        } catch {
          // Another key's.
        }
      }
    }
    throw new HobnobError(
      "VAULT_UNREADABLE",
      `What is stored under \`${prefix}${key}\` cannot be decrypted. If HOBNOB_SECRET has changed, put the old one behind the new one, with a comma between them; else install again.`,
    );
  }

  function encrypt(key: string, value: unknown, [newest]: readonly Buffer[]): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", newest!, iv);
    cipher.setAAD(Buffer.from(prefix + key));
    const data = Buffer.concat([iv, cipher.update(JSON.stringify(value), "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}.${data.toString("base64url")}`;
  }

  return {
    async get<T>(key: string) {
      const sealed = await values.get(prefix + key);
      return sealed === undefined ? undefined : (decrypt(key, sealed, await keyring()) as T);
    },
    async set(key, value) {
      await values.set(prefix + key, encrypt(key, value, await keyring()));
    },
    async update<T>(key: string, change: (current: T | undefined) => T | undefined) {
      const keys = await keyring();
      let result: T | undefined;
      await values.update(prefix + key, (sealed) => {
        result = change(sealed === undefined ? undefined : (decrypt(key, sealed, keys) as T));
        return result === undefined ? undefined : encrypt(key, result, keys);
      });
      return result;
    },
    delete: (key) => values.delete(prefix + key),
    async *keys(start = "") {
      for await (const key of values.keys(prefix + start)) yield key.slice(prefix.length);
    },
  };
}
