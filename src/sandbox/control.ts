import { type Context, Hono } from "hono";
import { z } from "zod";
import { HobnobError } from "../core/index.ts";
import type { Deliverer } from "./deliver.ts";
import type { Faults } from "./faults.ts";
import { guard, readJson, refusal } from "./guard.ts";
import type { Simulator } from "./simulator.ts";

/** A platform with what belongs to it. */
export interface Room {
  readonly simulator: Simulator;
  readonly deliverer: Deliverer;
  readonly faults: Faults;
}

const name = z.string().trim().min(1).max(80);
const id = z.string().min(1);
const file = z.strictObject({
  name: z.string().min(1).max(200),
  mimeType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, "not a MIME type such as image/png"),
  data: z.base64().optional(),
  altText: z.string().optional(),
});

const inputs = {
  say: z
    .strictObject({
      text: z.string().max(40_000).default(""),
      user: name.default("ada"),
      conversation: name.optional(),
      thread: id.optional(),
      bot: z.boolean().optional(),
      files: z.array(file).max(10).optional(),
    })
    .refine(({ text, files }) => text.trim() !== "" || files?.length, { path: ["text"], message: "say something" }),
  edit: z.strictObject({ id, text: z.string().min(1).max(40_000), conversation: name.optional() }),
  delete: z.strictObject({ id, conversation: name.optional() }),
  react: z.strictObject({
    id,
    name: z.string().regex(/^[\w'+-]+$/, "an emoji's short name without colons, such as thumbsup"),
    user: name.default("ada"),
    conversation: name.optional(),
    remove: z.boolean().default(false),
  }),
  press: z.strictObject({ id, button: id, user: name.default("ada"), conversation: name.optional() }),
  command: z.strictObject({
    name: z.string().regex(/^[\w-]+$/, "a command's name without the slash"),
    text: z.string().max(40_000).default(""),
    user: name.default("ada"),
    conversation: name.optional(),
  }),
  nothing: z.strictObject({}),
  redeliver: z
    .strictObject({ id: id.optional(), eventId: id.optional() })
    .refine((value) => (value.id === undefined) !== (value.eventId === undefined), {
      message: "give either `id` (a message's) or `eventId`",
    }),
  faults: z.strictObject({
    on: z.string(),
    kind: z.string(),
    times: z.int().min(1).max(100_000).default(1),
    retryAfter: z.number().min(0).max(3600).optional(),
  }),
};

/** The control API, the same for every platform: what people say and do, and what goes wrong. */
export function createControl(rooms: ReadonlyMap<string, Room>): Hono {
  const app = new Hono();

  function post<S extends z.ZodType>(path: string, schema: S, act: (room: Room, input: z.output<S>) => unknown): void {
    app.post(`/:platform/${path}`, guard, async (c) => {
      const room = rooms.get(c.req.param("platform") ?? "");
      if (!room) return unknownPlatform(c, rooms);
      const body = await readJson(c.req.raw);
      if ("refused" in body) return body.refused;
      const parsed = schema.safeParse(body.value);
      if (!parsed.success) return refusal(400, "SANDBOX_INPUT", explain(parsed.error, schema));
      return c.json((await act(room, parsed.data)) ?? { ok: true });
    });
  }

  function get(path: string, show: (room: Room, query: Readonly<Record<string, string>>) => unknown): void {
    app.get(`/:platform/${path}`, (c) => {
      const room = rooms.get(c.req.param("platform") ?? "");
      return room ? c.json(show(room, c.req.query()) as object) : unknownPlatform(c, rooms);
    });
  }

  post("say", inputs.say, ({ simulator }, said) => simulator.say({ ...said, conversation: at(simulator, said) }));
  post("edit", inputs.edit, ({ simulator }, { id, text, ...where }) =>
    able(simulator, "edit").edit({ id, conversation: at(simulator, where) }, text),
  );
  post("delete", inputs.delete, ({ simulator }, { id, ...where }) =>
    able(simulator, "delete").delete({ id, conversation: at(simulator, where) }),
  );
  post("react", inputs.react, ({ simulator }, { id, name, user, remove, ...where }) =>
    able(simulator, "react").react({ id, conversation: at(simulator, where) }, { name, user, remove }),
  );
  post("press", inputs.press, ({ simulator }, { id, button, user, ...where }) =>
    able(simulator, "press").press({ id, conversation: at(simulator, where) }, { id: button, user }),
  );
  post("command", inputs.command, ({ simulator }, command) =>
    able(simulator, "command").command({ ...command, conversation: at(simulator, command) }),
  );
  post("install", inputs.nothing, ({ simulator }) => able(simulator, "install").install());
  post("uninstall", inputs.nothing, ({ simulator }) => able(simulator, "uninstall").uninstall());
  post("redeliver", inputs.redeliver, ({ deliverer }, { id, eventId }) => {
    const delivered = deliverer.redeliver((event) =>
      id === undefined ? event.eventId === eventId : event.message === id,
    );
    if (delivered > 0) return { delivered };
    throw new HobnobError("SANDBOX_INPUT", `No event \`${eventId ?? id}\` was delivered before.`);
  });
  post("faults", inputs.faults, ({ faults }, input) => faults.add(input));

  get("faults", ({ faults }) => faults.list());
  get("messages", ({ simulator }, { conversation, thread, limit }) => {
    const messages = simulator.messages(at(simulator, { conversation }), thread);
    return limit === undefined ? messages : messages.slice(-Math.max(1, Number.parseInt(limit, 10) || 1));
  });
  get("deliveries", ({ deliverer }, { pending }) => {
    const records = deliverer.records();
    return pending === "1" || pending === "true" ? records.filter((record) => record.pending) : records;
  });

  app.delete("/:platform/faults", guard, (c) => {
    const room = rooms.get(c.req.param("platform"));
    if (!room) return unknownPlatform(c, rooms);
    room.faults.clear();
    return c.json({ ok: true });
  });

  app.onError((error) => {
    if (error instanceof HobnobError) return refusal(400, error.code, error.message);
    throw error;
  });
  return app;
}

/** The conversation that is meant where none is named. */
function at(simulator: Simulator, { conversation }: { readonly conversation?: string | undefined }): string {
  return conversation ?? simulator.overview().home;
}

type Ability = "edit" | "delete" | "react" | "press" | "command" | "install" | "uninstall";

/** @throws HobnobError `SANDBOX_INPUT` where people cannot do it */
function able<A extends Ability>(simulator: Simulator, what: A): Simulator & Required<Pick<Simulator, A>> {
  if (simulator[what] !== undefined) return simulator as Simulator & Required<Pick<Simulator, A>>;
  const { title, can } = simulator.overview();
  throw new HobnobError(
    "SANDBOX_INPUT",
    `Nobody can \`${what}\` on ${title}. What people can do there: ${can.join(", ")}.`,
  );
}

function unknownPlatform(c: Context, rooms: ReadonlyMap<string, Room>): Response {
  const known = [...rooms.keys()].join(", ");
  return refusal(404, "SANDBOX_PLATFORM", `There is no platform \`${c.req.param("platform")}\` here. Known: ${known}.`);
}

function explain(error: z.ZodError, schema: z.ZodType): string {
  const issues = error.issues.map(({ path, message }) => (path.length ? `\`${path.join(".")}\`: ${message}` : message));
  const keys = Object.keys((schema as unknown as { readonly shape?: object }).shape ?? {}).join(", ");
  return `${issues.join("; ")}.${keys === "" ? "" : ` Accepted: ${keys}.`}`;
}
