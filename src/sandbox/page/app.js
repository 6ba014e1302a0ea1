import { get, listen, post } from "./api.js";
import { createColumn, hashOf } from "./column.js";
import { byId, h } from "./dom.js";
import * as faults from "./faults.js";
import * as road from "./road.js";
import { showTabs } from "./tabs.js";

/** @type {ReturnType<typeof createColumn>[]} */
let columns = [];
/** Who said what, also in conversations that are not open; the oldest are forgotten. @type {Map<string, any>} */
const heard = new Map();
const HEARD = 5000;

const board = byId("board");
const phone = matchMedia("(width < 48rem), (height <= 30rem)");
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) columnOf(target)?.see(isIntersecting);
  },
  { threshold: 0.3 },
);

const named = (/** @type {string} */ name) => columns.find((column) => column.name === name);
const columnOf = (/** @type {unknown} */ inside) =>
  columns.find(({ element }) => element.contains(/** @type {Node} */ (inside)));
/** @param {any} trace */
const columnOfTrace = ({ adapter }) =>
  columns.find((column) => column.apps().some((/** @type {any} */ app) => app.name === adapter));

/** @param {Error} problem */
function fail(problem) {
  byId("page-error").textContent = problem.message;
  byId("page-error").hidden = false;
}

/** Draws all anew, messages too. */
async function refresh() {
  await update();
  await Promise.all(columns.map((column) => column.open(column.where()).catch(column.fail)));
  road.redraw();
  drawAround();
}

/** Draws anew who is there and where one can talk. */
async function update() {
  const { platforms: everything } = await get("");
  // A service at which nobody talks has no column.
  const all = everything.filter((/** @type {any} */ each) => each.home !== "");
  // Where no bot is there is nothing to say.
  const busy = all.filter((/** @type {any} */ each) => each.apps.length > 0);
  const platforms = busy.length > 0 ? busy : all;
  byId("page-error").hidden = true;
  if (platforms.map((/** @type {any} */ each) => each.platform).join() !== columns.map(({ name }) => name).join()) {
    columns = platforms.map(addColumn);
    board.replaceChildren(...columns.map(({ element }) => element));
    for (const { element } of columns) sight.observe(element);
  }
  columns.forEach((column, index) => {
    column.update(platforms[index]);
  });
  faults.showFaults(columns.map((column) => column.info()));
  show();
}

/** @param {any} info */
function addColumn(info) {
  const { platform } = info;
  return createColumn(info, {
    onHeard(message) {
      heard.set(`${platform}/${message.id}`, message);
      if (heard.size > HEARD) heard.delete(heard.keys().next().value ?? "");
    },
    onNews: drawTabs,
    onMoved(conversation) {
      if (phone.matches || wanted().name === platform) location.hash = hashOf(platform, conversation);
    },
    onSent: road.followLast,
    showRoad(message) {
      const isKnown = road.showRoadOf(
        (trace) => trace.message === message.id && columnOfTrace(trace)?.name === platform,
      );
      if (isKnown && phone.matches) go("road");
      return isKnown;
    },
  });
}

/** What the hash asks for: `#slack/general` is a column, wider than the others, with a conversation. */
function wanted() {
  const [name = "", ...rest] = location.hash.slice(1).split("/");
  return { name, conversation: decode(rest.join("/")) };
}

/** Lets the page be as the hash wants it. */
function show() {
  const { name, conversation } = wanted();
  const column = named(name);
  if (column && conversation !== "" && conversation !== column.where()) column.open(conversation).catch(column.fail);
  document.body.classList.toggle("at-road", name === "road");
  for (const each of columns) {
    each.widen(each === column);
    each.element.classList.toggle("shown", each === (column ?? columns[0]));
  }
  if (column) {
    board.scrollTo({ left: column.element.offsetLeft - board.offsetLeft });
    faults.chooseFor(column.name);
  }
  document.title = `${column ? `${column.title()} · ` : ""}Hobnob sandbox`;
  drawTabs();
}

/** @param {string} name a platform's, `all` or `road` */
function go(name) {
  const column = named(name);
  location.hash = column ? hashOf(name, column.where()) : `#${name}`;
  show();
  // On a phone that would bring up the keyboard, over half of the messages.
  if (!phone.matches) column?.focus();
}

function drawTabs() {
  const { name } = wanted();
  const isColumn = named(name) !== undefined;
  const bare = { unread: 0, isAway: false };
  const shown = isColumn || name === "road" ? name : phone.matches ? (columns[0]?.name ?? "") : "all";
  const tabs = columns.map((column) => ({
    name: column.name,
    href: hashOf(column.name, column.where()),
    title: column.title(),
    unread: column.unread(),
    isAway: column.apps().some((/** @type {any} */ app) => !app.reachable),
  }));
  showTabs(
    [
      { ...bare, name: "all", href: "#all", title: "Side by side" },
      ...tabs,
      { ...bare, name: "road", href: "#road", title: "Road" },
    ],
    { shown, go },
  );
}

function drawAround() {
  byId("intro").hidden = columns.some((column) => !column.isFresh());
}

/** @param {any} event */
function onEvent(event) {
  const column = named(event.platform);
  switch (event.type) {
    case "trace":
      road.addTrace(event.trace);
      break;
    case "refresh":
      refresh().catch(fail);
      break;
    case "faults":
      column?.setFaults(event.faults);
      faults.showFaults(columns.map((each) => each.info()));
      break;
    case "reach":
      column?.reach(event.app, event.reachable);
      drawTabs();
      break;
    default:
      if (!column) return;
      if (column.hear(event) && event.message.bot) announce(column.title(), event.message);
      if (!column.knows(event.conversation)) update().catch(fail);
      drawAround();
  }
}

/** Reads out what a bot says in a conversation that is open. @param {string} title @param {any} message */
function announce(title, { author, text }) {
  byId("news").append(h("li", {}, `${author} on ${title}: ${text}`));
  while (byId("news").childElementCount > 5) byId("news").firstElementChild.remove();
}

road.setRoad({
  lookUp: (trace) => heard.get(`${columnOfTrace(trace)?.name}/${trace.message}`),
  titleOf: (trace) => columnOfTrace(trace)?.title(),
  onChange(trace) {
    const here = trace && columnOfTrace(trace);
    for (const column of columns) column.mark(column === here ? trace.message : undefined);
  },
});

const attend = (/** @type {Event} */ { target }) => {
  const column = columnOf(target);
  if (column) faults.chooseFor(column.name);
};
board.addEventListener("focusin", attend);
board.addEventListener("pointerdown", attend);
byId("skip").addEventListener("click", (/** @type {Event} */ event) => {
  event.preventDefault();
  (named(wanted().name) ?? columns[0])?.focus();
});
byId("fold").addEventListener("click", () => {
  const isFolded = byId("dock").classList.toggle("folded");
  byId("fold").textContent = isFolded ? "Show" : "Hide";
  byId("fold").setAttribute("aria-expanded", String(!isFolded));
});
byId("reset").addEventListener("click", async () => {
  road.clearRoads();
  for (const column of columns) column.forgetUnread();
  await post("/reset").catch(fail);
});
addEventListener("hashchange", show);
phone.addEventListener("change", show);

await refresh().catch(fail);
listen(onEvent, (connected) => {
  const state = byId("link-state");
  state.textContent = connected ? "Live" : "Connection lost, trying again…";
  state.classList.toggle("lost", !connected);
});

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
