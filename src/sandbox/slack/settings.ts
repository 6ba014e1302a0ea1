import { z } from "zod";
import { readJson, refusal } from "../guard.ts";
import type { Workspace } from "./workspace.ts";

const settings = z.strictObject({
  app: z.string().default("slack"),
  scopes: z.array(z.string().regex(/^(?:[a-z_]+:[a-z_.]+|commands)$/, "not a scope such as chat:write")),
});

/** What the operator sets on the app's own pages: the scopes it is installed with. `{"app": "slack", "scopes": ["chat:write"]}` */
export async function changeSettings(workspace: Workspace, request: Request): Promise<Response> {
  // A page of another origin can only send this type after asking, and nobody answers that.
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    return refusal(415, "SANDBOX_CONTENT_TYPE", "Send JSON with the header `content-type: application/json`.");
  }
  const body = await readJson(request);
  if ("refused" in body) return body.refused;
  const { success, data, error } = settings.safeParse(body.value);
  if (!success) {
    const [issue] = error.issues;
    return refusal(400, "SANDBOX_INPUT", `\`${issue?.path.join(".")}\`: ${issue?.message}. Accepted: app, scopes.`);
  }
  if (!workspace.grant(data.app, data.scopes)) {
    return refusal(400, "SANDBOX_INPUT", `No app \`${data.app}\` is connected.`);
  }
  return Response.json({ ok: true });
}
