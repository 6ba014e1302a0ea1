import { HobnobError, suggest } from "../../core/index.ts";
import type { MessagePlace } from "../simulator.ts";
import { type Desk, LONGEST_SUBJECT, type NewComment } from "./desk.ts";
import { handleOf, PRIORITIES, STATUSES, type Ticket, type TicketFields, type User } from "./records.ts";
import type { World } from "./world.ts";

/** What people do at a ticket, in Zendesk's own pages or by e-mail. */
export interface Commands {
  /** A comment: of the staff on the page, of anybody else by e-mail. */
  speak(ticket: Ticket, comment: NewComment, actor: User): MessagePlace;
  /** @throws HobnobError `SANDBOX_INPUT` for what cannot be done */
  run(command: {
    readonly name: string;
    readonly text: string;
    readonly user: string;
    readonly conversation: string;
  }): void;
}

type Command = (ticket: Ticket, text: string, actor: User) => void;

export function createCommands(world: World, desk: Desk): Commands {
  function speak(ticket: Ticket, comment: NewComment, actor: User): MessagePlace {
    const channel = actor.isBot ? "api" : actor.role === "end-user" ? "email" : "web";
    const doer = { actor, channel } as const;
    if (ticket.fields.status !== "closed") {
      const { comment: added } = desk.update(ticket, {}, comment, doer);
      return { id: String(added?.id), conversation: String(ticket.id) };
    }
    if (channel !== "email") return refuse(`Ticket ${ticket.id} is closed: nobody can change it any more.`);
    // An answer by e-mail to a closed ticket opens one that follows it.
    const fields = { requester: actor, subject: `Re: ${ticket.fields.subject}`.slice(0, LONGEST_SUBJECT) };
    const { ticket: next } = desk.open({ fields, comment, source: ticket }, doer);
    return { id: String(next.comments[0]!.id), conversation: String(next.id) };
  }

  function change(ticket: Ticket, fields: Partial<TicketFields>, actor: User): void {
    if (ticket.fields.status === "closed") refuse(`Ticket ${ticket.id} is closed: nobody can change it any more.`);
    desk.update(ticket, fields, undefined, { actor, channel: "web" });
  }

  const commands: Readonly<Record<string, Command>> = {
    note: (ticket, text, actor) => void speak(ticket, { author: actor, body: text, isPublic: false }, actor),
    status: (ticket, text, actor) => change(ticket, { status: oneOf(text, STATUSES) }, actor),
    priority: (ticket, text, actor) => change(ticket, { priority: oneOf(text, PRIORITIES) }, actor),
    assign(ticket, text, actor) {
      const agents = world.users().filter(({ role }) => role !== "end-user");
      const name = oneOf(text, agents.map(handleOf));
      change(ticket, { assignee: agents.find((agent) => handleOf(agent) === name)! }, actor);
    },
    delete: (ticket) => desk.delete(ticket),
  };

  function openByEmail(text: string, actor: User): void {
    const [subject = "", ...body] = text.split("\n");
    const fields = { requester: actor, subject: subject.slice(0, LONGEST_SUBJECT) };
    const comment = { author: actor, body: body.join("\n").trim() || subject, isPublic: true };
    desk.open({ fields, comment, recipient: "support@sandbox.zendesk.com" }, { actor, channel: "email" });
  }

  return {
    speak,
    run({ name: given, text, user, conversation }) {
      const name = oneOf(given, [...Object.keys(commands), "email"]);
      const said = text.trim();
      if (said === "" && ["note", "email"].includes(name)) refuse(`\`/${name}\` needs a text behind it.`);
      const actor = world.speaker(user, false);
      if (name === "email") openByEmail(said, actor);
      else commands[name]!(world.named(conversation), said, actor);
    },
  };
}

function oneOf<T extends string>(text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text.trim().toLowerCase());
  return found ?? refuse(`\`${text}\` is not known here${suggest(text, known)}. Known: ${known.join(", ")}.`);
}

function refuse(message: string): never {
  throw new HobnobError("SANDBOX_INPUT", message);
}
