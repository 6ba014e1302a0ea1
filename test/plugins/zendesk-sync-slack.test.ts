import { describe, expect, test } from "vitest";
import { sendSlackEvent } from "./slack-events.ts";
import { hello, openHelpDesk, SUPPORT } from "./zendesk-sync-stage.ts";

const ADA = "U0HUMAN01";
const message = { type: "message", channel: SUPPORT, channel_type: "channel", user: ADA, team: "T0A1B2C3D" };
const spoken = (ts: string, text = "help") => ({ ...message, text, ts, event_ts: ts });

const IGNORED = (
  "channel_archive channel_join channel_leave channel_name channel_purpose channel_rename channel_topic channel_unarchive " +
  "ekm_access_denied file_comment file_mention group_archive group_join group_leave group_name group_purpose group_topic " +
  "group_unarchive me_message message_changed message_deleted message_replied pinned_item thread_broadcast unpinned_item"
).split(" ");

/** What Slack adds to a message of these subtypes. */
const MORE: Readonly<Record<string, object>> = {
  message_changed: {
    hidden: true,
    message: { ...spoken("1800000000.000050", "changed"), edited: { user: ADA, ts: "1800000000.000000" } },
    previous_message: spoken("1800000000.000050"),
  },
  message_deleted: { hidden: true, deleted_ts: "1800000000.000050", previous_message: spoken("1800000000.000050") },
  message_replied: { hidden: true, message: { ...spoken("1800000000.000050"), thread_ts: "1800000000.000050" } },
  thread_broadcast: { thread_ts: "1800000000.000050", root: spoken("1800000000.000050") },
};

describe("a Slack event that is about a channel, and nobody's question", () => {
  test.each(IGNORED)("%s opens no ticket and is not answered", async (subtype) => {
    await using desk = await openHelpDesk();
    const told = { ...spoken("1800000000.000100", "told"), subtype, ...MORE[subtype] };
    expect(await sendSlackEvent(desk, told)).toBe(200);
    await desk.settle();
    expect([await desk.tickets(), await desk.said()]).toEqual([[], []]);
    // The same way in, and the lane goes on.
    expect(await sendSlackEvent(desk, spoken("1800000001.000100"))).toBe(200);
    await desk.settle();
    const [{ id, external_id }, ...others] = await desk.tickets();
    expect([external_id, others]).toEqual(["1800000001.000100", []]);
    expect(await desk.said()).toEqual([hello(id)]);
  });

  test("they are 25", () => {
    expect(IGNORED).toHaveLength(25);
  });
});

test.each([
  ["08:59 of a weekday", "2026-11-18T08:59:00Z", true],
  ["09:00", "2026-11-18T09:00:00Z", false],
  ["17:00", "2026-11-18T17:00:00Z", false],
  ["17:01", "2026-11-18T17:01:00Z", true],
  ["noon on a Saturday", "2026-11-21T12:00:00Z", true],
])("a message of %s is told of the office hours when it was said outside of them", async (_, at, isOutside) => {
  await using desk = await openHelpDesk({
    hours: { begin: "09:00", end: "17:00" },
    texts: { outOfHours: "We sleep." },
  });
  await sendSlackEvent(desk, spoken(`${Date.parse(at) / 1000}.000100`));
  await desk.settle();
  expect((await desk.said()).slice(1)).toEqual(isOutside ? ["We sleep."] : []);
});
