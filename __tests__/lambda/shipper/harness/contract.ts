import { isDeepStrictEqual } from "node:util";
import { OPAQUE, RECORD } from "../../../../modules/fields";
import type { Document } from "./index";

/**
 * What differs between a line and its document beyond what the document contract names; empty where nothing does.
 * Written apart from the shipper's own code.
 */
export function differences(message: string, { _source: stored }: Pick<Document, "_source">): string[] {
  if (typeof stored["@error"] === "string") return stored.message === message ? [] : ["the envelope has another line"];
  const original = JSON.parse(message) as Record<string, unknown>;
  const aside = (stored["@shadowed"] ?? {}) as Record<string, unknown>;
  const added = Object.keys(stored).filter((key) => !key.startsWith("@") && !Object.hasOwn(original, key));
  const kept = Object.keys(original).flatMap((key) => {
    if (Object.hasOwn(aside, key)) return isDeepStrictEqual(aside[key], original[key]) ? [] : [`@shadowed.${key}`];
    return Object.hasOwn(stored, key) ? compare(original[key], stored[key], key) : [`${key} is missing`];
  });
  return [...added.map((key) => `${key} is new`), ...kept];
}

function compare(original: unknown, stored: unknown, path: string, isInList = false): string[] {
  if (isDeepStrictEqual(original, stored)) return [];
  const place = placeOf(path);
  if (isConverted(place, original, stored, isInList)) return [];
  if (place === undefined || !isContainer(original) || !isContainer(stored)) return [path];
  if (Array.isArray(original) !== Array.isArray(stored)) return [path];
  const keys = Object.keys(original);
  if (!isDeepStrictEqual(keys, Object.keys(stored))) return [`${path}: other names`];
  return keys.flatMap((key) =>
    Array.isArray(original)
      ? compare(original[Number(key)], stored[key], path, true)
      : compare(original[key], stored[key], `${path}.${key}`),
  );
}

const SCALARS: ReadonlySet<string> = new Set(RECORD.map(({ path }) => path));
const OBJECTS: ReadonlySet<string> = new Set(
  [...SCALARS, ...OPAQUE].flatMap((path) => {
    const steps = path.split(".");
    return steps.slice(1).map((_, at) => steps.slice(0, at + 1).join("."));
  }),
);

/** What the mapping has at a path; undefined where it has nothing that a value must fit. */
function placeOf(path: string): "scalar" | "object" | undefined {
  if (SCALARS.has(path)) return "scalar";
  return OBJECTS.has(path) ? "object" : undefined;
}

/** An object, or a list in a list, as its text in the place of a scalar; a scalar, or a list in a list, as an object. */
function isConverted(place: "scalar" | "object" | undefined, original: unknown, stored: unknown, isInList: boolean) {
  const mayBeText = isContainer(original) && (isInList || !Array.isArray(original));
  if (place === "scalar") return mayBeText && isTextOf(stored, original);
  if (place !== "object" || !isContainer(stored) || !isDeepStrictEqual(Object.keys(stored), ["@value"])) return false;
  return isContainer(original)
    ? isInList && Array.isArray(original) && isTextOf(stored["@value"], original)
    : isDeepStrictEqual(stored["@value"], original);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isTextOf(text: unknown, original: unknown): boolean {
  if (typeof text !== "string") return false;
  try {
    return isDeepStrictEqual(JSON.parse(text), original);
  } catch (error) {
    // Too deep to be compared value by value; then it is nothing but brackets. (Node's own errors are of another realm.)
    return (error as Error).name === "RangeError" && /^\[+1\]+$/.test(text);
  }
}
