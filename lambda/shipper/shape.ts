import { OPAQUE, RECORD, SCALAR_KEY, SUBTREES } from "../../modules/fields";

/** What the mapping has at a place: a scalar, an object with known fields, or anything at all. */
type Shape = "scalar" | "any" | { readonly [field: string]: Shape };

const SHAPES = shapes();

/** The known fields of a record's top level. */
export function isMapped(field: string): boolean {
  return Object.hasOwn(SHAPES, field);
}

/**
 * Gives a value of the top level the shape that the mapping has there. The engines forgive no object in the place of a
 * scalar and no scalar in the place of an object, so:
 *
 * - an object where a scalar belongs becomes its JSON text
 * - a scalar where an object belongs becomes `{"@value": scalar}`
 *
 * @returns the same value where it fits already
 */
export function fit(field: string, value: unknown): unknown {
  return fitTo(Object.hasOwn(SHAPES, field) ? SHAPES[field]! : "any", value);
}

function fitTo(shape: Shape, value: unknown): unknown {
  if (shape === "any" || value === null || value === undefined) return value;
  if (Array.isArray(value)) return fitAll(shape, value);
  if (shape === "scalar") return typeof value === "object" ? JSON.stringify(value) : value;
  if (typeof value !== "object") return { [SCALAR_KEY]: value };
  return fitFields(shape, value as Record<string, unknown>);
}

function fitAll(shape: Shape, values: readonly unknown[]): unknown {
  // A list in a list is no different from one list to the engines, unless it holds what does not belong.
  const fitted = values
    .map((value) => (Array.isArray(value) ? JSON.stringify(value) : value))
    .map((value) => fitTo(shape, value));
  return fitted.every((value, index) => value === values[index]) ? values : fitted;
}

function fitFields(shape: Readonly<Record<string, Shape>>, value: Record<string, unknown>): unknown {
  let changed: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(shape, key)) continue;
    const fitted = fitTo(shape[key]!, value[key]);
    if (fitted !== value[key]) {
      changed ??= { ...value };
      changed[key] = fitted;
    }
  }
  return changed ?? value;
}

function shapes(): Record<string, Shape> {
  const root: Record<string, Shape> = {};
  const put = (path: string, shape: Shape) => {
    const steps = path.split(".");
    const last = steps.pop()!;
    let at = root as Record<string, Shape | Record<string, Shape>>;
    for (const step of steps) at = (at[step] ??= {}) as typeof at;
    at[last] = shape;
  };
  for (const { path } of RECORD) put(path, "scalar");
  for (const path of [...SUBTREES.map((subtree) => subtree.path), ...OPAQUE]) put(path, "any");
  return root;
}
