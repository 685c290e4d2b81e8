import { isDeepStrictEqual } from "node:util";
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

function compare(original: unknown, stored: unknown, path: string): string[] {
  if (isDeepStrictEqual(original, stored)) return [];
  if (isConverted(original, stored)) return [];
  if (!isContainer(original) || !isContainer(stored)) return [path];
  if (Array.isArray(original) !== Array.isArray(stored)) return [path];
  const keys = Object.keys(original);
  if (!isDeepStrictEqual(keys, Object.keys(stored))) return [`${path}: other names`];
  return keys.flatMap((key) => compare(original[key], stored[key], `${path}.${key}`));
}

/** An object as its text, or a scalar in an object. */
function isConverted(original: unknown, stored: unknown): boolean {
  if (isContainer(original) && typeof stored === "string") return isTextOf(stored, original);
  const wrapped = isContainer(stored) && Object.keys(stored).length === 1 ? stored["@value"] : undefined;
  return wrapped !== undefined && (isDeepStrictEqual(wrapped, original) || isConverted(original, wrapped));
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isTextOf(text: string, original: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), original);
  } catch (error) {
    // Too deep to be compared value by value; then it is nothing but brackets. (Node's own errors are of another realm.)
    return (error as Error).name === "RangeError" && /^\[+1\]+$/.test(text);
  }
}
