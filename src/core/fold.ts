const NON_ASCII = /[\u0080-\uffff]/;
const WORD_CHARACTER = /^[\p{L}\p{M}\p{Nd}]/u;
const WORD_RUNS = /[\p{L}\p{M}\p{Nd}]+/gu;
// They only choose between a coloured and a plain picture of the character before them.
const VARIATION_SELECTORS = /[\ufe0e\ufe0f]/g;

// Characters that an `i` expression takes for another one although their lower case differs. A test holds this complete.
const ODD =
  "\u017f\u00b5\u03c2\u0345\u1fbe\u03d0\u03f5\u03d1\u03f0\u03d6\u03f1\u03d5\u1fd3\u1fe3\u1e9b\ufb05\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88";
const EVEN =
  "\u0073\u03bc\u03c3\u03b9\u03b9\u03b2\u03b5\u03b8\u03ba\u03c0\u03c1\u03c6\u0390\u03b0\u1e61\ufb06\u0432\u0434\u043e\u0441\u0442\u0442\u044a\u0463\ua64b";
const ODD_CHARACTERS = new RegExp(`[${ODD}]`, "g");

/**
 * A text without its case. Character by character, whatever stands beside it (unlike `toLowerCase`, which looks around
 * for a final sigma), so the fold of a part is a part of the fold. Lengths may change: `İ` becomes two characters.
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return NON_ASCII.test(lower) ? lower.replace(ODD_CHARACTERS, (odd) => EVEN[ODD.indexOf(odd)]!) : lower;
}

/** A text without its case and without the choice of code points for the same letters (`é`, `ﬁ`, full width). */
export function foldWords(text: string): string {
  if (!NON_ASCII.test(text)) return text.toLowerCase();
  const composed = text.replace(VARIATION_SELECTORS, "").normalize("NFC");
  // Only within words: compatibility forms of symbols are letters, and `pizza™` would end in them.
  const compatible =
    composed.normalize("NFKC") === composed ? composed : composed.replace(WORD_RUNS, (run) => run.normalize("NFKC"));
  return foldCase(compatible);
}

/** Every run of white space becomes one space. */
export function collapseSpace(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** Does a character of a word (a letter, digit or combining mark) begin here? */
export function isWordAt(text: string, at: number): boolean {
  return WORD_CHARACTER.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

/** Does a character of a word end here? */
export function isWordBefore(text: string, at: number): boolean {
  const isPair = at > 1 && (text.codePointAt(at - 2) ?? 0) > 0xffff;
  return at > 0 && isWordAt(text, isPair ? at - 2 : at - 1);
}
