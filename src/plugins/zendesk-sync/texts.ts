import { z } from "zod";

const text = (fallback: string, about: string) => z.string().default(fallback).describe(about);

/** Everything the plugin says. `{url}` is the ticket's address. */
export const texts = z.strictObject({
  hello: text(
    "Hello, your new support request is {url}.",
    "A ticket was opened. `HELLO_LONG` of the plugin is a longer one.",
  ),
  first: text("This is the message on {platform} {link}.", "Ends the ticket's first comment, where a link is known."),
  firstWithoutLink: text("This is a message on {platform}.", "The same without a link."),
  comment: text("{name} ({platform}): {text}", "A message of the conversation as a comment."),
  edited: text("{name} ({platform}) has changed a message: {text}", "A message was edited."),
  deleted: text(
    "{name} ({platform}) has deleted a message. {text}",
    "A message was deleted; `{text}` is what it said.",
  ),
  zendesk: text("(Zendesk): {body}", "A comment of the ticket in the conversation; `{name}` is its author."),
  closed: text("🤖 Understood. Ticket {url} has been closed.", "After a closing word."),
  already: text("🤖 Ticket {url} is already closed.", "After a closing word on a closed ticket."),
  isClosed: text(
    "🤖 This ticket is closed {url}. Please raise a new support issue.",
    "After anything else on a closed ticket.",
  ),
  help: text(
    "I understand the follow commands:\n\n- help: <this command>\n- resolve, resolve ticket, ✅, 🆗: close this ticket ({url})\n\nBest regards.\n\n🤖",
    "After `help`.",
  ),
  apiError: text("🤖 I'm unable to talk to Zendesk (API Error).", "Zendesk failed; it is tried again."),
  gaveUp: text(
    "🤖 Zendesk did not take this, and I have stopped trying. Please tell the support team in another way.",
    "The last attempt failed.",
  ),
  onCall: text("📧 Primary on call: {a}\nℹ️ Secondary on call: {b}.", "Who is on call."),
  onCallOne: text("📧 Primary on call: {a}.", "The same when there is one person only."),
  outOfHours: text("No Out Of Hours Message Set!", "A ticket was opened out of hours."),
  mail: text("(From Zendesk Email): {subject}", "A ticket came by e-mail."),
  aware: text(
    "The SRE team is aware of your issue on Slack here {link}.",
    "The comment on a ticket that came by e-mail.",
  ),
  report: text(
    "📊 Daily WebOps SRE Issue Report\n\nClosed 🤘: {closed}\n\nUnresolved 🔥: {open}\n{links}\n\nCheers,\n\n🤖 ZenSlackChat",
    "The daily report; `{links}` is a line for each open ticket.",
  ),
  reportScheduled: text("Daily report scheduled.", "After `report`."),
  stats: text(
    "Open: {open}\nOpened this week: {opened}, closed: {closed}\nMedian time to the first reply: {reply}\nMedian time to close: {close}",
    "After `stats`.",
  ),
  reopened: text("🤖 Ticket {url} is open again.", "After `reopen`."),
  isOpen: text("🤖 Ticket {url} is open.", "After `reopen` on an open ticket."),
  followUp: text(
    "🤖 The old ticket is closed for good. Its follow-up is {url}.",
    "After `reopen` on a ticket that Zendesk has closed.",
  ),
  assigned: text("🤖 Ticket {url} is assigned to {email}.", "After `assign`."),
  noAgent: text("🤖 Nobody in Zendesk can be assigned as {email}.", "After `assign` with an address of no agent."),
  priority: text("🤖 Ticket {url} has priority {priority}.", "After `priority`."),
  status: text("🤖 Ticket {url} is {status}.", "After `status`."),
  gone: text("🤖 Ticket {url} is no longer in Zendesk. Please raise a new support issue.", "The ticket was deleted."),
  fileTooLarge: text("🤖 {file} is too large for Zendesk; the ticket has its name only.", "A file was left out."),
  noFile: text("🤖 I could not get {file}; the ticket has its name only.", "A file could not be read."),
});

/** All texts, filled in from the options. */
export type Texts = z.output<typeof texts>;

/** A longer greeting for `texts.hello`, which asks for what helps to help. */
export const HELLO_LONG =
  "Thanks for raising this. We're looking into your issue and will aim to provide an update within the next 3 working hours.\n\n" +
  "If your request relates to something urgent, please make sure we know that and explain the context.\n\n" +
  "Your new support request is {url}.\n\n" +
  "To help us help you faster, please ensure you have provided the following details in your request:\n" +
  "    - Service names\n    - Git repo names\n    - AWS accounts\n    - Links to errors\n    - Steps to reproduce\n" +
  "    - Platform-helper version in use";

/** Markdown that shows dashes at the beginnings of lines as they are written: as dashes, not as a list. */
export function withDashes(text: string): string {
  return text.replace(/^- /gm, "\\- ");
}
