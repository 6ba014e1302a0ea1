const CODE = /(^[ \t]*(?:`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^[ \t]*(?:`{3,}|~{3,})[ \t]*$|$(?![\s\S]))|`+[^`\n]+`+)/m;

/** Markdown as the plain text that LiveChat shows: without marks, links as "label (address)". Code keeps its characters. */
export function renderPlain(markdown: string): string {
  return markdown
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? renderCode(part) : renderProse(part)))
    .join("");
}

function renderCode(code: string): string {
  if (/^[ \t]*(?:```|~~~)/.test(code))
    return code.replace(/^[^\n]*\n/, "").replace(/\n?[ \t]*(?:`{3,}|~{3,})[ \t]*$/, "");
  return code.replace(/^`+|`+$/g, "");
}

function renderProse(text: string): string {
  return text
    .replace(/!?\[([^\]\n]*)\]\((https?:\/\/[^)\s]+|mailto:[^)\s]+)\)/g, (_, label: string, url: string) =>
      label === "" || label === url ? url : `${label} (${url})`,
    )
    .replace(/<((?:https?:\/\/|mailto:)[^<>\s]+)>/g, "$1")
    .replace(/\*\*(?=\S)([^\n]*?\S)\*\*/g, "$1")
    .replace(/(?<![\w_])__(?=\S)([^\n]*?\S)__(?![\w_])/g, "$1")
    .replace(/~~(?=\S)([^\n]*?\S)~~/g, "$1")
    .replace(/(?<![*\w\\])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![*\w])/g, "$1")
    .replace(/(?<![\w\\])_(?=[^\s_])([^_\n]*[^\s_])_(?!\w)/g, "$1")
    .replace(/^#{1,6} +/gm, "")
    .replace(/^(\s*)[-*+] +/gm, "$1• ")
    .replace(/\\([\\`*_{}[\]()#+\-.!~>|])/g, "$1");
}
