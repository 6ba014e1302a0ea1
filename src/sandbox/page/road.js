import { byId, h, watchEdges } from "./dom.js";

/** What each station means, in a sentence. @type {Record<string, (trace: any) => string>} */
const MEANING = {
  received: () => "The webhook came in, signed.",
  stored: () => "Stored until a handler is through with it.",
  acknowledged: ({ isStored }) => `The platform got its 200${isStored ? ": after that, not before" : ""}.`,
  running: ({ plugin, attempt = 1 }) =>
    `${plugin ?? "A handler"} is at work${attempt > 1 ? `, attempt ${attempt}` : ""}.`,
  sent: ({ plugin }) => `The platform took ${plugin === undefined ? "the" : `${plugin}’s`} reply.`,
  found: () => "Its own post stands there already: not said twice.",
  done: ({ plugin }) => `${plugin ?? "The job"} is through. Nothing is left to do.`,
  retrying: ({ attempt = 1 }) => `Attempt ${attempt} failed. It keeps its place in line and runs again.`,
  released: () => "Handed back untouched: the bot is stopping.",
  dead: ({ plugin = "The job" }) => `${plugin} used up its attempts: a dead letter, kept for you to replay.`,
  ignored: () => "No plugin wanted it, so it cost no disk write.",
  duplicate: ({ times }) => `Told of it again${times > 1 ? `, ${times} times` : ""}. Known, and dropped.`,
  refused: () => "It could not be stored, so the platform was told to send it again.",
};
const PLAN = ["received", "stored", "acknowledged", "running", "sent", "done"];
const ENDS = ["done", "dead", "ignored"];
const KEPT = 300;
// As wide as the edge that fades where the road goes on, in pixels.
const FADE = 28;

/** @type {Map<string, any[]>} */
const roads = new Map();
/** @type {string | undefined} */
let current;
let pinned = false;
/** What a trace's message says; undefined when the page has not heard it. @type {(trace: any) => any} */
let lookUp = () => undefined;
/** @type {(trace: any) => string | undefined} */
let titleOf = () => undefined;
/** @type {(trace: any) => void} */
let onChange = () => {};
watchEdges(byId("road"));

/** @param {{ lookUp: typeof lookUp, titleOf: typeof titleOf, onChange: typeof onChange }} given `titleOf`: the platform's */
export function setRoad(given) {
  ({ lookUp, titleOf, onChange } = given);
  draw();
}

/** @param {any} trace */
export function addTrace(trace) {
  const road = roads.get(trace.event) ?? [];
  road.push(trace);
  roads.set(trace.event, road);
  if (roads.size > KEPT) roads.delete(roads.keys().next().value ?? "");
  // What the bot itself said comes back as an event too; its road is short and dull.
  const said = lookUp(road[0]);
  const isNews = said ? road.length === 1 && !said.self : trace.stage === "stored";
  if (isNews && !pinned) current = trace.event;
  if (trace.event === current) draw();
}

/**
 * Draws the road of one message instead of the last one's.
 * @param {(trace: any) => boolean} isOfIt
 * @returns {boolean} whether it is known
 */
export function showRoadOf(isOfIt) {
  const found = [...roads].find(([, traces]) => isOfIt(traces[0]));
  if (!found) return false;
  current = found[0];
  pinned = true;
  draw();
  return true;
}

/** The next message is followed again. */
export function followLast() {
  pinned = false;
}

export function clearRoads() {
  roads.clear();
  current = undefined;
  pinned = false;
  draw();
}

/** Draws again what may have changed around it. */
export function redraw() {
  draw();
}

function draw() {
  const traces = sorted(roads.get(current ?? "") ?? []);
  const [first] = traces;
  const stored = traces.find(({ stage }) => stage === "stored")?.at ?? Number.POSITIVE_INFINITY;
  byId("road-title").textContent = pinned ? "The road of this message" : "The road of the last message";
  byId("road-about").textContent = first ? about(first) : "Say something, and its stations light up here.";
  const start = first?.at ?? 0;
  const stations = stops(traces).map((trace) =>
    station({ ...trace, after: trace.at - start, isStored: stored <= trace.at, reached: true }),
  );
  const isOver = traces.some(({ stage }) => ENDS.includes(stage));
  const stages = new Set(traces.map(({ stage }) => stage));
  const next = isOver ? [] : PLAN.slice(lastPlanned(stages) + 1).map((stage) => station({ stage, reached: false }));
  const line = byId("road");
  line.replaceChildren(...stations, ...next);
  follow(line, stations);
  byId("road-verdict").textContent = verdict(traces);
  onChange(first);
}

/**
 * Where the stations lie side by side, the last that was reached stays in view, and no station is halved at the start.
 * @param {HTMLElement} line
 * @param {HTMLElement[]} stations
 */
function follow(line, stations) {
  const first = stations[0]?.offsetLeft ?? 0;
  const { offsetLeft = 0, offsetWidth = 0 } = stations.at(-1) ?? {};
  const end = offsetLeft + offsetWidth - first - line.clientWidth;
  const start = end > 0 ? stations.find((each) => each.offsetLeft - first >= end + FADE) : undefined;
  const wanted = start ? start.offsetLeft - first - FADE : 0;
  const short = wanted - (line.scrollWidth - line.clientWidth);
  if (short > 0) /** @type {HTMLElement} */ (line.lastElementChild).style.marginRight = `${short}px`;
  line.scrollLeft = wanted;
}

/** @param {any} trace the first of a road */
function about(trace) {
  const said = lookUp(trace);
  if (said) return `${said.author} on ${titleOf(trace)}: “${shorten(said.text)}”`;
  // A job without a message has a name of its own.
  return trace.message === undefined ? trace.event : `Something else on ${titleOf(trace) ?? trace.adapter}.`;
}

/** What is told again is one stop of its own, without a second arrival and acknowledgement. @param {any[]} traces */
function stops(traces) {
  const times = traces.filter(({ stage }) => stage === "duplicate").length;
  const met = new Set();
  return traces
    .filter(({ stage }) => {
      const isAgain = ["received", "acknowledged", "duplicate"].includes(stage) && met.has(stage);
      met.add(stage);
      return !isAgain;
    })
    .map((trace) => ({ ...trace, times }));
}

/** @param {any[]} traces */
function sorted(traces) {
  return traces
    .map((trace, index) => ({ trace, index }))
    .sort((a, b) => a.trace.at - b.trace.at || a.index - b.index)
    .map(({ trace }) => trace);
}

/** @param {Set<string>} stages */
function lastPlanned(stages) {
  // What was found need not be sent.
  return PLAN.findLastIndex((stage) => stages.has(stage) || (stage === "sent" && stages.has("found")));
}

/** @param {any} stop */
function station(stop) {
  const { stage, reached, after } = stop;
  return h(
    "li",
    { class: `stop ${stage}${reached ? "" : " ahead"}` },
    h("span", { class: "name" }, stage),
    reached ? h("span", { class: "time" }, duration(after)) : h("span", { class: "visually-hidden" }, "not yet"),
    reached ? h("span", { class: "meaning" }, MEANING[stage]?.(stop) ?? "") : undefined,
  );
}

/** @param {any[]} traces */
function verdict(traces) {
  const at = (/** @type {string} */ stage) => traces.find((trace) => trace.stage === stage)?.at;
  const [received, stored, acknowledged] = [at("received"), at("stored"), at("acknowledged")];
  if (stored === undefined || acknowledged === undefined) return "";
  const order = stored <= acknowledged ? "Stored before it was acknowledged" : "Acknowledged before it was stored";
  const times = traces.filter(({ stage }) => stage === "duplicate").length;
  const again =
    times === 0
      ? ""
      : ` Told of it ${times + 1} times, handled once: it was delivered again, or it is a mention, of which Slack tells twice.`;
  const found = at("found") === undefined ? "" : " A post in doubt was found, and not said twice.";
  return `${order}; the platform waited ${duration(acknowledged - (received ?? stored))}.${found}${again}`;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 0.05) return "0 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** @param {string} marked */
function shorten(marked) {
  const text = marked.replace(/<https?:[^|>]+\|([^>]+)>/g, "$1");
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
