import { OPAQUE, RECORD, SCALAR_KEY, SUBTREES } from "../../modules/fields";
import { elements, members } from "./json-text";

/** What the mapping has at a place: a scalar, an object with known fields, or anything at all. */
export type Shape = "scalar" | "any" | Fields;
interface Fields {
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Those of them that are objects with known fields. */
  readonly objects: readonly string[];
}

/**
 * The levels that a document may have below a field. The engines go down an array with a call for each level: 3,000
 * end the Elasticsearch 7.10.2 node with a StackOverflowError, 1,000 are the parser's limit in OpenSearch 2.
 */
export const MAX_LEVELS = 256;

/** What the mapping has at a field of a record's top level; undefined where it has nothing. */
export function shapeOf(field: string): Shape | undefined {
  return SHAPES.shapes.get(field);
}

/** The known fields of a record's top level. */
export function isMapped(field: string): boolean {
  return SHAPES.shapes.has(field);
}

/**
 * Whether a value of the top level has the shape that the mapping has there. The engines forgive no object in the place
 * of a scalar and no scalar in the place of an object.
 *
 * @throws RangeError if it has more than MAX_LEVELS
 */
export function fits(field: string, value: unknown): boolean {
  return fitsIn(shapeOf(field) ?? "any", value);
}

/**
 * Gives the text of a value of the top level the shape that the mapping has there:
 *
 * - an object, or an array in an array, where a scalar belongs becomes its text, as a string
 * - a scalar where an object belongs becomes `{"@value": scalar}`
 *
 * Everything else stays letter by letter.
 */
export function reshape(field: string, text: string): string {
  return reshapeTo(shapeOf(field) ?? "any", text);
}

/** @throws RangeError if the value has more than MAX_LEVELS */
export function checkLevels(value: unknown, levels = MAX_LEVELS): void {
  if (typeof value !== "object" || value === null) return;
  if (levels === 0) throw new RangeError(`more than ${MAX_LEVELS} levels`);
  for (const key of Object.keys(value)) checkLevels((value as Record<string, unknown>)[key], levels - 1);
}

/** As {@link fits}, for a shape that is known already. */
export function fitsIn(shape: Shape, value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object") return shape === "scalar" || shape === "any";
  if (shape === "any") {
    checkLevels(value);
    return true;
  }
  if (Array.isArray(value)) return areFitting(shape, value);
  return shape === "scalar" ? false : haveFitting(shape, value as Record<string, unknown>);
}

// All of it is looked at, also behind what does not fit: levels count everywhere.
function areFitting(shape: Shape, values: readonly unknown[]): boolean {
  let fitting = true;
  for (const value of values) {
    if (Array.isArray(value)) fitting = false;
    else if (!fitsIn(shape, value)) fitting = false;
  }
  return fitting;
}

function haveFitting({ shapes, objects }: Fields, value: Readonly<Record<string, unknown>>): boolean {
  let fitting = true;
  // Not Object.keys, which makes a list of each object's names: JSON's objects inherit nothing that would be counted.
  for (const key in value) {
    const part = value[key];
    // Most are scalars, and they fit anywhere but in the place of an object: that is looked at below.
    if (typeof part === "object" && part !== null && !fitsIn(shapes.get(key) ?? "any", part)) fitting = false;
  }
  for (const key of objects) {
    if (Object.hasOwn(value, key) && typeof value[key] !== "object") fitting = false;
  }
  return fitting;
}

function reshapeTo(shape: Shape, text: string): string {
  if (shape === "any") return text;
  switch (text[0]) {
    case "{": {
      if (shape === "scalar") return JSON.stringify(text);
      const fields = members(text).map(
        ({ name, key, value }) => `${key}:${reshapeTo(shape.shapes.get(name) ?? "any", value)}`,
      );
      return `{${fields.join(",")}}`;
    }
    case "[": {
      const entries = elements(text).map((entry) =>
        reshapeTo(shape, entry.startsWith("[") ? JSON.stringify(entry) : entry),
      );
      return `[${entries.join(",")}]`;
    }
    case "n":
      return text;
    default:
      return shape === "scalar" ? text : `{${JSON.stringify(SCALAR_KEY)}:${text}}`;
  }
}

function shapesOf(): Fields {
  const root = new Branch();
  for (const { path } of RECORD) root.put(path.split("."), "scalar");
  for (const path of [...SUBTREES.map((subtree) => subtree.path), ...OPAQUE]) root.put(path.split("."), "any");
  return root;
}

class Branch implements Fields {
  readonly shapes = new Map<string, Shape>();
  readonly objects: string[] = [];

  put([step, ...rest]: readonly string[], shape: Shape): void {
    if (rest.length === 0) {
      this.shapes.set(step!, shape);
      return;
    }
    const known = this.shapes.get(step!);
    const branch = known instanceof Branch ? known : this.grow(step!);
    branch.put(rest, shape);
  }

  private grow(step: string): Branch {
    const branch = new Branch();
    this.shapes.set(step, branch);
    this.objects.push(step);
    return branch;
  }
}

const SHAPES = shapesOf();
