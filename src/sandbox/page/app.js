import { get, listen, post } from "./api.js";
import * as chat from "./chat.js";
import { createComposer } from "./composer.js";
import { byId, h } from "./dom.js";
import { showFaults } from "./faults.js";
import { showPlaces } from "./places.js";
import * as road from "./road.js";

/** @type {any[]} */
let platforms = [];
/** @type {any} */
let platform;
/** @type {any} */
let conversation;
/** Who said what, also in conversations that are not open. @type {Map<string, any>} */
const heard = new Map();
/** @type {Map<string, number>} */
const unread = new Map();
// Answers may arrive in another order than they were asked for.
let loads = 0;

const composer = createComposer({
  place: () => ({ platform: platform.platform, conversation: conversation.name }),
  onSent: road.followLast,
});

const act = (/** @type {string} */ path, /** @type {object} */ body) =>
  post(`/${platform.platform}/${path}`, { conversation: conversation.name, ...body }).catch(composer.fail);

chat.setActions({
  reply: (message) => composer.replyTo(chat.messageOf(message.thread ?? message.id) ?? message),
  edit: (message) => composer.edit(message),
  remove: ({ id }) => act("delete", { id }),
  redeliver: ({ id }) => {
    road.showRoadOf(id);
    post(`/${platform.platform}/redeliver`, { id }).catch(composer.fail);
  },
  react: ({ id, reactions }) => {
    const user = composer.person();
    const mine = reactions.some((/** @type {any} */ each) => each.name === "thumbsup" && each.users.includes(user));
    act("react", { id, name: "thumbsup", user, remove: mine });
  },
  road: ({ id }) => {
    if (road.showRoadOf(id)) byId("road-title").scrollIntoView({ block: "nearest" });
    else composer.fail(new Error("No bot has told about this message’s road."));
  },
});

road.setRoad({ lookUp: (id) => (id === undefined ? undefined : heard.get(id)), onChange: chat.markMessage });

async function refresh() {
  ({ platforms } = await get(""));
  await choose(location.hash);
}

/** @param {string} hash `#slack/general` */
function choose(hash) {
  const [wanted, ...rest] = decodeURIComponent(hash.slice(1)).split("/");
  platform = platforms.find((each) => each.platform === wanted) ?? platforms[0];
  const name = rest.join("/");
  conversation =
    platform.conversations.find((/** @type {any} */ each) => each.name === name) ?? platform.conversations[0];
  unread.delete(key(platform.platform, conversation.name));
  drawAround();
  return load();
}

async function load() {
  loads += 1;
  const mine = loads;
  const query = new URLSearchParams({ conversation: conversation.name, limit: "300" });
  const messages = await get(`/${platform.platform}/messages?${query}`);
  if (mine !== loads) return;
  for (const message of messages) heard.set(message.id, message);
  chat.showConversation(messages);
  road.redraw();
}

function drawAround() {
  const { title, apps, people } = platform;
  const bots = apps.map((/** @type {any} */ app) => app.bot);
  document.title = `${conversation.label} · Hobnob sandbox`;
  byId("chat-title").textContent = conversation.label;
  byId("chat-note").textContent =
    bots.length === 0
      ? `${title}, simulated. No bot is connected yet.`
      : `${title}, simulated. ${bots.join(" and ")} ${bots.length > 1 ? "are" : "is"} here.`;
  showPlaces({ platforms, platform, conversation, unreadOf: (p, c) => unread.get(key(p, c)) ?? 0 });
  composer.show({
    label: conversation.label,
    people,
    fixed: conversation.isDirect ? conversation.name.slice(1).split("/")[0] : undefined,
  });
  showFaults(platform);
  drawSuggestions(bots[0]);
  drawNotice();
}

/** @param {string | undefined} bot */
function drawSuggestions(bot) {
  const texts = [
    "Hey! where is my pizza?",
    ...(bot ? [`@${bot} hello, anyone home?`] : []),
    "Is there any pizza left?",
  ];
  byId("suggestions").replaceChildren(
    ...texts.map((text) =>
      h("li", {}, h("button", { type: "button", class: "chip", onclick: () => composer.say(text) }, text)),
    ),
  );
}

function drawNotice() {
  const away = platforms.flatMap((each) => each.apps.filter((/** @type {any} */ app) => !app.reachable));
  const notice = byId("notice");
  notice.hidden = away.length === 0;
  const where = away.map((app) => `${app.bot} does not answer at ${app.webhook}`).join(", ");
  if (away.length > 0) notice.textContent = `${where}. The platform keeps trying, as it would in real life.`;
}

/** @param {any} event */
function onEvent(event) {
  const isHere = event.platform === platform?.platform && event.conversation === conversation?.name;
  switch (event.type) {
    case "message":
    case "edited":
      heard.set(event.message.id, event.message);
      if (isHere) chat.showMessage(event.message);
      else if (event.type === "message") note(event);
      break;
    case "deleted":
      if (isHere) chat.dropMessage(event.id);
      break;
    case "reaction":
      if (isHere) chat.showReactions(event.id, event.reactions);
      break;
    case "trace":
      road.addTrace(event.trace);
      break;
    case "faults":
      for (const each of platforms) if (each.platform === event.platform) each.faults = event.faults;
      if (platform) showFaults(platform);
      break;
    case "reach":
      for (const each of platforms) {
        for (const app of each.apps) {
          if (each.platform === event.platform && app.name === event.app) app.reachable = event.reachable;
        }
      }
      drawNotice();
      break;
    case "refresh":
      refresh().catch(composer.fail);
      break;
  }
}

/** @param {any} event */
function note({ platform: name, conversation: where }) {
  unread.set(key(name, where), (unread.get(key(name, where)) ?? 0) + 1);
  if (platform) showPlaces({ platforms, platform, conversation, unreadOf: (p, c) => unread.get(key(p, c)) ?? 0 });
}

/** @param {string} name @param {string} where */
function key(name, where) {
  return `${name}/${where}`;
}

byId("reset").addEventListener("click", async () => {
  road.clearRoads();
  unread.clear();
  await post("/reset").catch(composer.fail);
  composer.focus();
});
addEventListener("hashchange", () => choose(location.hash).catch(composer.fail));

await refresh().catch(composer.fail);
listen(onEvent, (connected) => {
  const state = byId("link-state");
  state.textContent = connected ? "Live" : "Connection lost, trying again…";
  state.classList.toggle("lost", !connected);
});
