/** Elements that have no end in HTML. */
const VOID = new Set(["meta", "br", "link", "img"]);

/**
 * Reads markup as strictly as XML is read.
 *
 * @returns the names of all elements, and with an @ those of all attributes
 * @throws Error where an element is not closed in its place, or something is not escaped
 */
export function elements(markup: string): Set<string> {
  const names = new Set<string>();
  const open: string[] = [];
  let rest = markup.replace(/^<!doctype html>/i, "");
  const token =
    /^(?:<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|[^<&]+|&(?:#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos);)/;
  while (rest !== "") {
    const match = token.exec(rest);
    if (!match) throw new Error(`not well-formed: ${rest.slice(0, 120)}`);
    const [all, slash, name, attributes = "", closed] = match;
    rest = rest.slice(all.length);
    if (name === undefined) continue;
    names.add(name);
    for (const [, attribute = ""] of attributes.matchAll(/([\w:-]+)="[^"]*"/g)) names.add(`@${attribute}`);
    if (slash === "/") {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last ?? "nothing"}>`);
    } else if (closed !== "/" && !VOID.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
  return names;
}
