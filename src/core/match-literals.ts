import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { collapseSpace, foldCase } from "./fold.ts";

/** Alternatives, folded and with their white space collapsed. Every match, treated alike, contains at least one of them. */
export type Literals = readonly string[];

/** More combinations than this are not worth the precision. */
const MOST = 24;

/**
 * What a text must contain for the expression to match: each of the results is enough to look for. None when nothing of
 * two characters or more can be told. May ask for too little, never for too much.
 */
export function literalsOf(expression: RegExp): readonly Literals[] {
  const { source, unicode, unicodeSets } = expression;
  try {
    const pattern = new RegExpParser().parsePattern(source, 0, source.length, { unicode, unicodeSets });
    return ofAlternatives(pattern.alternatives)
      .needs.map((literals) => unique(literals.map(collapseSpace)))
      .filter((literals) => shortest(literals) >= 2);
  } catch {
    // Syntax that the parser does not know yet: the engine took it, so it is tried on every text.
    return [];
  }
}

interface Knowledge {
  /** All that the node can consume; undefined when that is too much to list. */
  readonly exact?: Literals | undefined;
  readonly needs: readonly Literals[];
}

const NOTHING: Knowledge = { needs: [] };

function ofAlternatives(alternatives: readonly AST.Alternative[]): Knowledge {
  const branches = alternatives.map((alternative) => ofSequence(alternative.elements));
  if (branches.length === 1) return branches[0]!;
  const exact = branches.every((branch) => branch.exact) ? unique(branches.flatMap((branch) => branch.exact!)) : [];
  const best = branches.map(({ needs }) => needs.toSorted((a, b) => shortest(b) - shortest(a))[0]);
  const needs = best.every((literals) => literals !== undefined) ? [unique(best.flat())] : [];
  return exact.length > 0 && exact.length <= MOST ? { exact, needs } : { needs };
}

function ofSequence(elements: readonly AST.Element[]): Knowledge {
  const needs: Literals[] = [];
  // What stands, without a gap, before the element at hand.
  let run: Literals = [""];
  let isWhole = true;
  const breakRun = (next: Literals = [""]): void => {
    needs.push(run);
    run = next;
    isWhole = false;
  };
  const append = (texts: Literals): void => {
    if (run.length * texts.length > MOST) breakRun(texts);
    else run = unique(run.flatMap((head) => texts.map((tail) => head + tail)));
  };

  for (let at = 0; at < elements.length; at++) {
    const element = elements[at]!;
    const emoji = pairOf(element, elements[at + 1]);
    if (emoji !== undefined) {
      append([emoji]);
      at++;
      continue;
    }
    const repeats = element.type === "Quantifier" && element.min > 0 && element.max > 1;
    const { exact, needs: inner } = ofElement(repeats ? element.element : element);
    if (exact === undefined) {
      breakRun();
      needs.push(...inner);
    } else {
      append(exact);
      // The first round stands beside what came before, the last beside what follows.
      if (repeats) breakRun(exact);
    }
  }
  needs.push(run);
  return { exact: isWhole ? run : undefined, needs };
}

function ofElement(element: AST.Element): Knowledge {
  switch (element.type) {
    case "Assertion":
      return exactly([""]);
    case "Character":
      return ofCharacters([element]);
    case "CharacterClass":
      return element.negate ? NOTHING : ofCharacters(element.elements);
    case "Group":
    case "CapturingGroup":
      return ofAlternatives(element.alternatives);
    case "Quantifier": {
      if (element.max === 0) return exactly([""]);
      const inner = ofElement(element.element);
      if (element.max > 1) return NOTHING;
      if (inner.exact === undefined) return element.min > 0 ? inner : NOTHING;
      return exactly(element.min > 0 ? inner.exact : unique(["", ...inner.exact]));
    }
    default:
      return NOTHING;
  }
}

function ofCharacters(members: readonly AST.CharacterClass["elements"][number][]): Knowledge {
  const texts: string[] = [];
  for (const member of members) {
    if (member.type !== "Character" && member.type !== "CharacterClassRange") return NOTHING;
    const from = member.type === "Character" ? member.value : member.min.value;
    const to = member.type === "Character" ? member.value : member.max.value;
    if (to - from >= MOST || (to >= 0xd800 && from <= 0xdfff)) return NOTHING;
    for (let point = from; point <= to; point++) texts.push(foldCase(String.fromCodePoint(point)));
  }
  return texts.length > 0 && texts.length <= MOST ? exactly(unique(texts)) : NOTHING;
}

// Without the `u` flag an emoji is two characters. Half of one is no literal: folding may change a pair as a whole.
// The pairs that begin with these three halves have no case.
function pairOf(high: AST.Element, low: AST.Element | undefined): string | undefined {
  if (high.type !== "Character" || low?.type !== "Character") return undefined;
  const isPair = high.value >= 0xd83c && high.value <= 0xd83e && low.value >= 0xdc00 && low.value <= 0xdfff;
  return isPair ? String.fromCharCode(high.value, low.value) : undefined;
}

function exactly(exact: Literals): Knowledge {
  return { exact, needs: [exact] };
}

/** The length of the shortest. */
export function shortest(literals: Literals): number {
  return literals.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
}

function unique(texts: Literals): Literals {
  return [...new Set(texts)];
}
