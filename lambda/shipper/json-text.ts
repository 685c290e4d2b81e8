/**
 * Parts of a JSON text, as they stand in it: no number loses digits, no key that comes twice is dropped. All of this
 * expects text that JSON.parse has accepted, and goes down one level only, so that depth costs no stack.
 */

/** A member of an object. */
export interface Member {
  /** The name, unescaped. */
  readonly name: string;
  /** The name as it stands there, with its quotes. */
  readonly key: string;
  /** The value's text. */
  readonly value: string;
}

/** The members of an object, one by one, also where a name comes twice. */
export function members(text: string): Member[] {
  const found: Member[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== "}") {
    const keyEnd = endOfString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    const key = text.slice(at, keyEnd);
    found.push({ name: JSON.parse(key) as string, key, value: text.slice(start, end) });
    at = skipComma(text, end);
  }
  return found;
}

/** The texts of an array's values. */
export function elements(text: string): string[] {
  const found: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== "]") {
    const end = endOfValue(text, at);
    found.push(text.slice(at, end));
    at = skipComma(text, end);
  }
  return found;
}

function skipComma(text: string, at: number): number {
  const next = skipSpace(text, at);
  return text[next] === "," ? skipSpace(text, next + 1) : next;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return at;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, from: number): number {
  let at = from;
  let open = 0;
  do {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
    } else if (character === "{" || character === "[") {
      open += 1;
      at += 1;
    } else if (character === "}" || character === "]") {
      open -= 1;
      at += 1;
    } else {
      at = open > 0 ? at + 1 : endOfScalar(text, at);
    }
  } while (open > 0);
  return at;
}

function endOfScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at += 1;
  return at;
}
