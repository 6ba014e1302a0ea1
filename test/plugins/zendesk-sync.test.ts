import { expect, test } from "vitest";
import { hello, openHelpDesk, urlOf } from "./zendesk-sync-stage.ts";

test("a message becomes a ticket, and thread and ticket stay in step until it is done", async () => {
  await using desk = await openHelpDesk();
  const root = await desk.say("the printer is on fire", { user: "ada" });
  const [ticket, ...more] = await desk.tickets();
  expect(more).toEqual([]);
  expect(ticket).toMatchObject({ subject: "the printer is on fire", external_id: root, type: "question", status: "new" });
  const [first] = await desk.comments();
  expect(first).toContain("the printer is on fire");
  expect(first).toMatch(new RegExp(`/p${root.replace(".", "")}\\.$`));
  expect(await desk.said()).toEqual([hello(ticket.id)]);

  await desk.say("any news?", { user: "ada", thread: root });
  expect((await desk.comments()).slice(1)).toEqual(["Ada (Slack): any news?"]);

  await desk.staff("Have you tried water?");
  expect((await desk.said()).slice(1)).toEqual(["(Zendesk): Have you tried water?"]);

  await desk.say("done", { user: "ada", thread: root });
  expect((await desk.said()).slice(2)).toEqual([`🤖 Understood. Ticket ${urlOf(ticket.id)} has been closed.`]);
  expect(await desk.tickets()).toMatchObject([{ status: "solved" }]);
  expect(await desk.comments()).toHaveLength(3);
  expect(desk.warnings).toEqual([]);
  const messages = await desk.messages("support");
  expect(messages.every(({ thread, self }) => !self || thread === root)).toBe(true);
});
