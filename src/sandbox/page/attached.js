import { h, within } from "./dom.js";

// The sandbox takes bodies of a million bytes, and Base64 makes four of three.
const LARGEST = 700_000;

/**
 * The files that go with the next message of a column.
 * @param {Element} column
 * @param {(problem: Error) => void} onProblem
 */
export function createAttached(column, onProblem) {
  const part = within(column);
  const list = part(".attached");
  const input = part(".attach input");
  /** @type {{ file: File, altText: string }[]} */
  let files = [];

  /** @param {Iterable<File>} added */
  function add(added) {
    const all = [...files, ...Array.from(added, (file) => ({ file, altText: "" }))];
    if (all.reduce((sum, { file }) => sum + file.size, 0) > LARGEST) {
      onProblem(new Error("Together the files are larger than 700 kB, which is all that the sandbox takes."));
      return;
    }
    files = all;
    draw();
  }

  function draw() {
    list.hidden = files.length === 0;
    list.replaceChildren(
      ...files.map((each) =>
        h(
          "li",
          {},
          h("span", { class: "file-name" }, each.file.name),
          each.file.type.startsWith("image/")
            ? h("input", {
                class: "alt-text",
                placeholder: "What is to be seen?",
                "aria-label": `Alternative text of ${each.file.name}`,
                value: each.altText,
                oninput: (/** @type {any} */ { target }) => {
                  each.altText = target.value;
                },
              })
            : undefined,
          h(
            "button",
            {
              type: "button",
              class: "quiet small",
              "aria-label": `Take ${each.file.name} away`,
              onclick: () => drop(each),
            },
            "✕",
          ),
        ),
      ),
    );
  }

  /** @param {typeof files[number]} gone */
  function drop(gone) {
    files = files.filter((each) => each !== gone);
    draw();
    input.focus();
  }

  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });

  return {
    add,
    isEmpty: () => files.length === 0,
    /** @param {boolean} isAble whether files can be sent there */
    show(isAble) {
      part(".attach").hidden = !isAble;
      if (!isAble) this.clear();
    },
    /** As the control API takes them; undefined when there are none. */
    async read() {
      if (files.length === 0) return undefined;
      return Promise.all(
        files.map(async ({ file, altText }) => ({
          name: file.name,
          mimeType: file.type || "application/octet-stream",
          data: await base64(file),
          ...(altText.trim() === "" ? {} : { altText: altText.trim() }),
        })),
      );
    },
    clear() {
      files = [];
      draw();
    },
  };
}

/** @param {File} file @returns {Promise<string>} */
async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
