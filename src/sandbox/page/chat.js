import { byId, h } from "./dom.js";
import { renderText } from "./markup.js";

const list = byId("messages");
const scroll = byId("scroll");

/** @type {Map<string, { message: any, item: HTMLElement, replies: HTMLElement }>} */
let shown = new Map();
/** @type {Record<string, (message: any) => void>} */
let actions = {};

// Whoever reads the end goes on reading the end, also when a notice takes some of the room.
let isAtEnd = true;
scroll.addEventListener("scroll", () => {
  isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
});
new ResizeObserver(() => {
  if (isAtEnd) toEnd();
}).observe(scroll);

/** @param {typeof actions} given what can be done with a message: reply, react, edit, remove, redeliver, road */
export function setActions(given) {
  actions = given;
}

/** @param {any[]} messages replaces the whole conversation, oldest first */
export function showConversation(messages) {
  shown = new Map();
  list.replaceChildren();
  list.setAttribute("aria-live", "off");
  for (const message of messages) showMessage(message);
  drawEmpty();
  toEnd();
  // Only what is said from now on is read out.
  requestAnimationFrame(() => list.setAttribute("aria-live", "polite"));
}

/** @param {any} message a new one, or a new version of a known one */
export function showMessage(message) {
  const wasAtEnd = isAtEnd;
  const known = shown.get(message.id);
  if (known) {
    known.message = message;
    known.item.firstElementChild?.replaceWith(draw(message));
    return;
  }
  const replies = h("ol", { class: "replies", "aria-label": "Thread" });
  const item = h("li", { "data-id": message.id }, draw(message), replies);
  shown.set(message.id, { message, item, replies });
  const root = message.thread === null ? undefined : shown.get(message.thread);
  (root?.replies ?? list).append(item);
  drawEmpty();
  if (!wasAtEnd && message.bot) return;
  if (root && root.item !== list.lastElementChild) item.scrollIntoView({ block: "nearest" });
  else toEnd();
}

/** @param {string} id */
export function dropMessage(id) {
  shown.get(id)?.item.remove();
  shown.delete(id);
  drawEmpty();
}

/** @param {string} id @param {any[]} reactions */
export function showReactions(id, reactions) {
  const known = shown.get(id);
  if (known) showMessage({ ...known.message, reactions });
}

/** @param {string} id */
export function messageOf(id) {
  return shown.get(id)?.message;
}

/** @param {string | undefined} id marks the message whose road is drawn */
export function markMessage(id) {
  for (const [key, { item }] of shown) item.classList.toggle("on-road", key === id);
}

function drawEmpty() {
  byId("empty").hidden = shown.size > 0;
}

function toEnd() {
  isAtEnd = true;
  scroll.scrollTop = scroll.scrollHeight;
}

/** @param {any} message */
function draw(message) {
  const { author, bot, self, text, edited, at, visibility, attachments, buttons, reactions } = message;
  const time = new Date(at);
  return h(
    "article",
    { class: `message${self ? " self" : ""}`, "aria-label": `${author} said` },
    h(
      "span",
      { class: "avatar", "data-tint": tint(author), "data-bot": String(bot), "aria-hidden": "true" },
      initials(author),
    ),
    h(
      "div",
      { class: "body" },
      h(
        "header",
        {},
        h("b", {}, author),
        bot ? h("span", { class: "tag" }, "bot") : undefined,
        visibility === "everyone" ? undefined : h("span", { class: "tag faint" }, VISIBILITY[visibility]),
        h("time", { datetime: at, title: time.toLocaleString() }, clock(time)),
        edited ? h("span", { class: "edited" }, "edited") : undefined,
      ),
      h("div", { class: "text" }, ...renderText(text)),
      attachments.length > 0 ? h("ul", { class: "files" }, ...attachments.map(file)) : undefined,
      buttons.length > 0 ? h("div", { class: "bot-buttons" }, ...buttons.map(botButton)) : undefined,
      reactions.length > 0 ? h("ul", { class: "reactions" }, ...reactions.map(reaction)) : undefined,
    ),
    toolbar(message),
  );
}

/** @type {Record<string, string>} */
const VISIBILITY = { author: "only you see this", agents: "only staff see this" };

/** @param {any} message */
function toolbar(message) {
  const button = (/** @type {string} */ label, /** @type {string} */ act) =>
    h("button", { type: "button", class: "quiet small", onclick: () => actions[act]?.(message) }, label);
  const own = message.bot
    ? []
    : [button("Edit", "edit"), button("Delete", "remove"), button("Deliver again", "redeliver")];
  const more = h(
    "details",
    { onkeydown: closeOnEscape, onfocusout: closeOnLeave, onclick: closeOnChoice },
    h("summary", { class: "quiet small", "aria-label": `More for this message of ${message.author}` }, "More"),
    h("div", { class: "menu" }, ...own, button("Show its road", "road")),
  );
  return h(
    "div",
    { class: "tools" },
    button("Reply in thread", "reply"),
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        "aria-label": "React with a thumbs up",
        onclick: () => actions.react?.(message),
      },
      "👍",
    ),
    more,
  );
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.key !== "Escape" || !details.open) return;
  event.stopPropagation();
  details.open = false;
  details.querySelector("summary")?.focus();
}

/** @param {FocusEvent} event */
function closeOnLeave(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (!details.contains(/** @type {Node | null} */ (event.relatedTarget))) details.open = false;
}

/** @param {MouseEvent} event */
function closeOnChoice(event) {
  if (/** @type {Element} */ (event.target).closest(".menu button")) {
    /** @type {HTMLDetailsElement} */ (event.currentTarget).open = false;
  }
}

/** @param {any} attachment */
function file({ name, mimeType, url }) {
  const isPicture = /^image\/(png|jpeg|gif|webp)$/.test(mimeType);
  // The page may be open under another name of the same host than the one in the URL.
  const href = new URL(url).pathname + new URL(url).search;
  const inner = isPicture ? [h("img", { src: href, alt: name, loading: "lazy" })] : [name, h("small", {}, mimeType)];
  return h("li", {}, h("a", { href, target: "_blank", rel: "noreferrer" }, ...inner));
}

/** @param {any} button */
function botButton({ label, url }) {
  return url === undefined
    ? h("span", { class: "bot-button" }, label)
    : h("a", { class: "bot-button", href: url, target: "_blank", rel: "noreferrer noopener" }, label);
}

/** @type {Record<string, string>} */
const EMOJI = {
  thumbsup: "👍",
  "+1": "👍",
  thumbsdown: "👎",
  "-1": "👎",
  tada: "🎉",
  eyes: "👀",
  heart: "❤️",
  wave: "👋",
  pizza: "🍕",
  white_check_mark: "✅",
  x: "❌",
  rocket: "🚀",
  fire: "🔥",
  hourglass_flowing_sand: "⏳",
  smile: "😄",
  thinking_face: "🤔",
};

/** @param {any} reaction */
function reaction({ name, users }) {
  const label = `${name}, by ${users.join(", ")}`;
  return h("li", { title: label, "aria-label": label }, `${EMOJI[name] ?? `:${name}:`} ${users.length}`);
}

/** @param {string} name */
function initials(name) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return ((words[0]?.[0] ?? "?") + (words[1]?.[0] ?? words[0]?.[1] ?? "")).toUpperCase();
}

/** @param {string} name */
function tint(name) {
  return (
    [...name].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619) >>> 0, 2166136261) % 6
  );
}

/** @param {Date} time */
export function clock(time) {
  return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
