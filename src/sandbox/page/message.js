import { h } from "./dom.js";
import { renderText } from "./markup.js";

/** Who sees a message that not everybody sees. @type {Record<string, string>} */
const SEEN_BY = { author: "only the person asked sees this", agents: "whisper: only agents see this" };

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

/**
 * Draws a message.
 * @param {any} message
 * @param {{ press: ((message: any, button: any) => void) | undefined }} given `press` where buttons can be pressed
 */
export function drawMessage(message, { press }) {
  const { author, bot, self, text, edited, at, visibility, attachments, buttons, reactions } = message;
  const time = new Date(at);
  return h(
    "article",
    {
      class: `message${self ? " self" : ""}${visibility === "everyone" ? "" : ` seen-by-${visibility}`}`,
      tabindex: -1,
      "aria-label": `${author} said`,
    },
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
        h("time", { datetime: at, title: time.toLocaleString() }, clock(time)),
        edited ? h("span", { class: "edited" }, "edited") : undefined,
        visibility === "everyone" ? undefined : h("span", { class: "tag faint" }, SEEN_BY[visibility]),
      ),
      h("div", { class: "text" }, ...renderText(text)),
      attachments.length > 0 ? h("ul", { class: "files" }, ...attachments.map(file)) : undefined,
      buttons.length > 0
        ? h(
            "div",
            { class: "bot-buttons" },
            ...buttons.map((/** @type {any} */ each) => botButton(each, message, press)),
          )
        : undefined,
      reactions.length > 0 ? h("ul", { class: "reactions" }, ...reactions.map(reaction)) : undefined,
    ),
  );
}

/** @param {any} attachment */
function file({ name, mimeType, url, altText }) {
  const { href, isOurs } = locate(url);
  const isPicture = isOurs && /^image\/(png|jpeg|gif|webp)$/.test(mimeType);
  const inner = isPicture
    ? [h("img", { src: href, alt: altText || name, loading: "lazy" })]
    : [name, h("small", {}, mimeType)];
  const caption = isPicture && altText ? h("small", { class: "alt", "aria-hidden": "true" }, altText) : undefined;
  return h("li", {}, h("a", { href, target: "_blank", rel: "noreferrer noopener" }, ...inner), caption);
}

// The page may be open under another name of the same host than the one in the URL; it shows no picture of other hosts.
/** @param {string} url */
function locate(url) {
  const { origin, pathname, search } = new URL(url, location.href);
  const isOurs = origin === location.origin || pathname.startsWith("/sandbox/");
  return { isOurs, href: isOurs ? pathname + search : url };
}

/** @param {any} button @param {any} message @param {((message: any, button: any) => void) | undefined} press */
function botButton(button, message, press) {
  const { label, url } = button;
  if (url !== undefined)
    return h("a", { class: "bot-button", href: url, target: "_blank", rel: "noreferrer noopener" }, label);
  if (press === undefined) return h("span", { class: "bot-button" }, label);
  return h("button", { type: "button", class: "bot-button", onclick: () => press(message, button) }, label);
}

/** @param {any} reaction */
function reaction({ name, users }) {
  const label = `${name}, by ${users.join(", ")}`;
  return h(
    "li",
    { title: label, "aria-label": label },
    `${EMOJI[name] ?? (/^[\w+-]+$/.test(name) ? `:${name}:` : name)} ${users.length}`,
  );
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
function clock(time) {
  return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
