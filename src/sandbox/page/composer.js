import { post } from "./api.js";
import { byId, h } from "./dom.js";

const NEW = "\u0000new";

/**
 * The message box: says, answers in a thread, edits.
 * @param {{ place: () => { platform: string, conversation: string }, onSent: () => void }} given
 */
export function createComposer({ place, onSent }) {
  const text = byId("composer-text");
  const person = byId("person");
  const newPerson = byId("new-person");
  const error = byId("composer-error");
  /** @type {{ kind: "reply" | "edit", message: any } | undefined} */
  let target;
  let label = "";
  let lastPerson = "ada";

  function drawTarget() {
    byId("target").hidden = target === undefined;
    const verb = target?.kind === "edit" ? "Editing" : "Answering in the thread of";
    byId("target-text").textContent = target
      ? `${verb} ${target.message.author}: “${target.message.text.slice(0, 60)}”`
      : "";
    text.placeholder = target?.kind === "edit" ? "New text" : target ? "Answer in the thread" : `Message ${label}`;
  }

  /** @param {typeof target} next */
  function aim(next) {
    target = next;
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
    const { platform, conversation } = place();
    const aimed = target;
    try {
      if (aimed?.kind === "edit") await post(`/${platform}/edit`, { id: aimed.message.id, text: said, conversation });
      else {
        onSent();
        const thread = aimed?.message.id;
        await post(`/${platform}/say`, { text: said, user: person.value, conversation, thread });
      }
      return true;
    } catch (problem) {
      fail(/** @type {Error} */ (problem));
      return false;
    }
  }

  async function submit() {
    const said = text.value.trim();
    if (said === "") return;
    text.value = "";
    if (await send(said)) {
      // An answer is often followed by another in the same thread; an edit is not.
      if (target?.kind === "edit") aim(undefined);
    } else if (text.value === "") text.value = said;
  }

  byId("composer").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  byId("composer").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && target) {
      if (target.kind === "edit") text.value = "";
      aim(undefined);
    }
  });
  byId("target-cancel").addEventListener("click", () => {
    if (target?.kind === "edit") text.value = "";
    aim(undefined);
  });

  person.addEventListener("change", () => {
    if (person.value !== NEW) {
      lastPerson = person.value;
      return;
    }
    newPerson.hidden = false;
    newPerson.value = "";
    newPerson.focus();
  });
  const takeNewPerson = () => {
    if (newPerson.hidden) return;
    newPerson.hidden = true;
    const name = newPerson.value.trim().toLowerCase().replace(/\s+/g, "-");
    if (name !== "") {
      lastPerson = name;
      person.prepend(h("option", { value: name }, name));
    }
    person.value = lastPerson;
  };
  newPerson.addEventListener("blur", takeNewPerson);
  newPerson.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") newPerson.value = "";
    takeNewPerson();
    text.focus();
  });

  return {
    fail,
    person: () => person.value,
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
    /** @param {{ label: string, people: string[], fixed: string | undefined }} room */
    show({ label: shown, people, fixed }) {
      if (label !== shown) target = undefined;
      error.hidden = true;
      label = shown;
      const names = fixed ? [fixed] : people.includes(lastPerson) ? people : [...people, lastPerson];
      person.replaceChildren(
        ...names.map((name) => h("option", { value: name }, name)),
        ...(fixed ? [] : [h("option", { value: NEW }, "someone new…")]),
      );
      person.value = fixed ?? lastPerson;
      person.disabled = fixed !== undefined;
      drawTarget();
    },
  };
}
