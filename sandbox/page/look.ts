import type { Place } from "../../modules/dashboards";

/** The dark look of Kibana 7. */
export const COLOURS = {
  page: "#141519",
  panel: "#1d1e24",
  border: "#343741",
  text: "#dfe5ef",
  faint: "#98a2b3",
  accent: "#1ba9f5",
} as const;

/** Colours of series, slices and words, in order. */
export const SERIES: readonly string[] = [
  "#54b399",
  "#6092c0",
  "#d36086",
  "#9170b8",
  "#ca8eae",
  "#d6bf57",
  "#b9a888",
  "#da8b45",
  "#aa6556",
  "#e7664c",
];

export const FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif";

/** Kibana's grid: 48 columns, rows of 20 pixels, 8 pixels between. */
export const GRID = { width: 1600, columns: 48, row: 20, gap: 8, heading: 30, padding: 8 } as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a panel stands on a page of the grid's width, in pixels. */
export function boxOf({ x, y, w, h }: Place): Box {
  const column = (GRID.width - (GRID.columns - 1) * GRID.gap) / GRID.columns;
  return {
    x: round(x * (column + GRID.gap)),
    y: y * (GRID.row + GRID.gap),
    width: round(w * (column + GRID.gap) - GRID.gap),
    height: h * (GRID.row + GRID.gap) - GRID.gap,
  };
}

/** The part of a panel below its heading. */
export function bodyOf(panel: Box): Box {
  return {
    x: panel.x + GRID.padding,
    y: panel.y + GRID.heading,
    width: panel.width - 2 * GRID.padding,
    height: panel.height - GRID.heading - GRID.padding,
  };
}

/** Text for XML and HTML, as content and as attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A count with thousands separators. */
export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

/** A time to the minute, in UTC. */
export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}

/** About how wide a text is in the page's font, rather too wide than too narrow; in units of the font size. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/[ijl.,:;|!'I]/.test(character)) width += 0.3;
    else if (/[frt()\-/ ]/.test(character)) width += 0.39;
    else if (/[mwMW@%]/.test(character)) width += 0.92;
    else if (/[A-Z]/.test(character)) width += 0.72;
    else if (character.codePointAt(0)! > 0x2e80) width += 1.05;
    else width += 0.59;
  }
  return width;
}

/** Cuts a text to a width, with an ellipsis. */
export function cut(text: string, fontSize: number, width: number): string {
  if (textWidth(text) * fontSize <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && textWidth(`${characters.join("")}…`) * fontSize > width) characters.pop();
  return `${characters.join("")}…`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
