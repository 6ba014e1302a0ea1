import { post } from "./api.js";
import { createAttached } from "./attached.js";
import { within } from "./dom.js";
import { createPerson } from "./person.js";

/**
 * The message box of a column: says, commands, answers in a thread, edits.
 * @param {Element} column
 * @param {{ platform: string, conversation: () => string, can: (ability: string) => boolean, onSent: () => void }} given
 */
export function createComposer(column, { platform, conversation, can, onSent }) {
  const part = within(column);
  const text = part("textarea");
  const error = part(".composer .error");
  const target = part(".target");
  const person = createPerson(column, () => text.focus());
  const attached = createAttached(column, fail);
  /** @type {{ kind: "reply" | "edit", message: any } | undefined} */
  let aimed;
  let label = "";

  function drawTarget() {
    target.hidden = aimed === undefined;
    const verb = aimed?.kind === "edit" ? "Editing" : "Answering";
    target.firstElementChild.textContent = aimed
      ? `${verb} ${aimed.message.author}: “${aimed.message.text.slice(0, 60)}”`
      : "";
    text.placeholder = aimed?.kind === "edit" ? "New text" : aimed ? "Answer" : `Message ${label}`;
  }

  /** @param {typeof aimed} next */
  function aim(next) {
    if (aimed?.kind === "edit") text.value = "";
    aimed = next;
    drawTarget();
    text.focus();
  }

  /** @param {Error} problem */
  function fail(problem) {
    error.textContent = problem.message;
    error.hidden = false;
  }

  /** @param {string} said */
  async function send(said) {
    error.hidden = true;
    const where = { conversation: conversation() };
    const command = can("command") && !aimed ? /^\/([\w-]+)(?:\s+([\s\S]*))?$/.exec(said) : null;
    try {
      if (aimed?.kind === "edit") {
        await post(`/${platform}/edit`, { id: aimed.message.id, text: said, ...where });
        return true;
      }
      onSent();
      const user = person.name();
      if (command) {
        const [, name, rest = ""] = command;
        await post(`/${platform}/command`, { name, text: rest, user, ...where });
      } else {
        const files = await attached.read();
        await post(`/${platform}/say`, { text: said, user, thread: aimed?.message.id, files, ...where });
        attached.clear();
      }
      return true;
    } catch (problem) {
      fail(/** @type {Error} */ (problem));
      return false;
    }
  }

  async function submit() {
    const said = text.value.trim();
    if (said === "" && attached.isEmpty()) return;
    text.value = "";
    if (await send(said)) {
      // An answer is often followed by another in the same thread; an edit is not.
      if (aimed?.kind === "edit") aim(undefined);
    } else if (text.value === "") text.value = said;
  }

  part(".composer").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  text.addEventListener("paste", (/** @type {ClipboardEvent} */ event) => {
    const { files } = /** @type {DataTransfer} */ (event.clipboardData);
    if (!can("file") || files.length === 0) return;
    event.preventDefault();
    attached.add(files);
  });
  part(".composer").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && aimed) aim(undefined);
  });
  target.querySelector("button").addEventListener("click", () => aim(undefined));

  return {
    fail,
    person: person.name,
    focus: () => text.focus(),
    /** @param {string} said */
    async say(said) {
      await send(said);
      text.focus();
    },
    /** @param {any} message */
    replyTo(message) {
      aim({ kind: "reply", message });
    },
    /** @param {any} message */
    edit(message) {
      aim({ kind: "edit", message });
      text.value = message.text;
    },
    /** @param {Parameters<typeof person.show>[0] & { label: string }} room */
    show({ label: shown, ...room }) {
      if (label !== shown) {
        aimed = undefined;
        error.hidden = true;
      }
      label = shown;
      attached.show(can("file"));
      person.show(room);
      drawTarget();
    },
  };
}
