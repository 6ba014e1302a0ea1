import { h, within } from "./dom.js";
import { drawMessage } from "./message.js";
import { createTools } from "./tools.js";

// What a person scrolls back over; the sandbox itself keeps it all.
const KEPT = 300;

/**
 * The messages of the conversation that a column shows.
 * @param {Element} column
 * @param {{ can: (ability: string) => boolean, actions: Record<string, (message: any, button?: any) => void> }} given
 *   `actions`: reply, react, edit, remove, redeliver, road, press
 */
export function createMessages(column, { can, actions }) {
  const part = within(column);
  const scroll = part(".scroll");
  const list = part(".messages");
  /** @type {Map<string, { message: any, item: HTMLElement, replies: HTMLElement, root: string }>} */
  let shown = new Map();
  /** @type {Element | undefined} */
  let marked;
  // Nothing was said since the conversation was opened, and the bot has not spoken: somebody may want to know how to begin.
  let isFresh = true;

  // Whoever reads the end goes on reading the end, also when a notice takes some of the room.
  let isAtEnd = true;
  scroll.addEventListener("scroll", () => {
    isAtEnd = Math.abs(end() - scroll.scrollTop) < 80;
  });
  new ResizeObserver(() => {
    if (isAtEnd) toEnd();
  }).observe(scroll);
  // The last message is where the keyboard enters the list; arrows go on from there.
  scroll.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.target !== scroll || event.key !== "ArrowUp") return;
    event.preventDefault();
    [...list.querySelectorAll(".message")].at(-1)?.focus();
  });

  createTools(list, {
    can,
    actions,
    messageOf: (article) => shown.get(article.parentElement?.getAttribute("data-id") ?? "")?.message,
  });

  /** @param {any} message */
  const draw = (message) => drawMessage(message, { press: can("press") ? actions.press : undefined });

  /** While nothing was said, what is to be read is the invitation, from its beginning. */
  function end() {
    const last = scroll.scrollHeight - scroll.clientHeight;
    if (!isFresh) return last;
    return list.childElementCount === 0 ? 0 : Math.min(part(".empty").offsetTop, last);
  }

  function toEnd() {
    isAtEnd = true;
    scroll.scrollTop = end();
  }

  // Not scrollIntoView, which would move the columns too.
  /** @param {HTMLElement} item */
  function reveal(item) {
    const [outer, inner] = [scroll.getBoundingClientRect(), item.getBoundingClientRect()];
    if (inner.bottom > outer.bottom) scroll.scrollTop += inner.bottom - outer.bottom;
    else if (inner.top < outer.top) scroll.scrollTop += inner.top - outer.top;
  }

  /** @param {boolean} fresh */
  function beFresh(fresh) {
    isFresh = fresh;
    part(".empty").hidden = !fresh;
  }

  /** @param {any} message @returns {HTMLElement} */
  function place(message) {
    const replies = h("ol", { class: "replies", "aria-label": "Thread" });
    const item = h("li", { "data-id": message.id }, draw(message), replies);
    const above = message.thread === null ? undefined : shown.get(message.thread);
    // An answer to an answer stands in the same thread.
    const root = above?.root ?? message.id;
    shown.set(message.id, { message, item, replies, root });
    (above ? shown.get(root)?.replies : list)?.append(item);
    return item;
  }

  /** With the answers below it. @param {Element | null | undefined} item */
  function forget(item) {
    for (const { dataset } of item ? [item, .../** @type {any} */ (item.querySelectorAll("li[data-id]"))] : []) {
      shown.delete(dataset.id);
    }
    item?.remove();
  }

  /** @param {any} message a new one, or a new version of a known one */
  function show(message) {
    const known = shown.get(message.id);
    if (known) {
      const old = known.item.firstElementChild;
      const hadFocus = old?.contains(document.activeElement);
      known.message = message;
      const fresh = draw(message);
      old?.replaceWith(fresh);
      if (hadFocus) fresh.focus();
      if (isAtEnd) toEnd();
      return;
    }
    const wasAtEnd = isAtEnd;
    const item = place(message);
    while (list.childElementCount > KEPT) forget(list.firstElementChild);
    beFresh(false);
    if (!wasAtEnd && message.bot) return;
    if (list.lastElementChild?.contains(item)) toEnd();
    else reveal(item);
  }

  return {
    show,
    /** @param {any[]} messages replaces the whole conversation, oldest first */
    showAll(messages) {
      shown = new Map();
      list.replaceChildren();
      for (const message of messages) place(message);
      beFresh(!messages.some(({ self }) => self));
      toEnd();
    },
    /** @param {string} id */
    drop(id) {
      forget(shown.get(id)?.item);
      if (shown.size > 0) return;
      beFresh(true);
      toEnd();
    },
    /** @param {string} id @param {any[]} reactions */
    react(id, reactions) {
      const known = shown.get(id);
      if (known) show({ ...known.message, reactions });
    },
    /** @param {string | undefined} id marks the message whose road is drawn */
    mark(id) {
      marked?.classList.remove("on-road");
      marked = id === undefined ? undefined : shown.get(id)?.item;
      marked?.classList.add("on-road");
    },
    isFresh: () => isFresh,
  };
}
