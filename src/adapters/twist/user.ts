import { HobnobError, type User } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import type { Api } from "./client.ts";
import { NOT_FOUND } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { idOf } from "./parse.ts";
import { wireId } from "./place.ts";

interface Asking {
  readonly api: Api;
  readonly identity: Identity;
}

/** A person or a bot of a workspace; undefined for somebody whom Twist does not know. */
export async function readUser(by: Asking, id: string, account: string | undefined): Promise<User | undefined> {
  const { api, identity } = by;
  const query = { id: wireId(account ?? (await workspaceOf(by))), user_id: wireId(id) };
  const user = await unless(NOT_FOUND, () => api.get("workspace_users/getone", query));
  if (!isFields(user) || idOf(user.id) === undefined) return undefined;
  const { name, email, bot, timezone } = user;
  return {
    id,
    name: typeof name === "string" && name !== "" ? name : id,
    isBot: bot === true,
    ...(identity.isSelf(id) && { isSelf: true }),
    ...(typeof email === "string" && email !== "" && { email }),
    ...(typeof timezone === "string" && timezone !== "" && { timeZone: timezone }),
  };
}

/** The workspace that is meant where none is named. @throws HobnobError `DELIVERY_FAILED` */
export async function workspaceOf({ api, identity }: Asking): Promise<string> {
  if (identity.workspace !== undefined) return identity.workspace;
  const workspace = await api.get("workspaces/get_default");
  const id = isFields(workspace) ? idOf(workspace.id) : undefined;
  if (id !== undefined) return id;
  throw new HobnobError("DELIVERY_FAILED", "Twist did not say which workspace is meant. Name it as `account`.");
}
