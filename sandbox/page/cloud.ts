import type { PanelQuery, Row } from "../../modules/dashboards";
import { count, cut, escape, round, SERIES, textWidth } from "./look";

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Word {
  readonly text: string;
  readonly fontSize: number;
  readonly colour: string;
  readonly title: string;
}

interface Placed extends Word {
  readonly x: number;
  readonly y: number;
}

/**
 * Words as large as they are frequent, the largest in the middle, each as near to it as it finds room. (Vega has a word
 * cloud too, which measures text on a canvas that Node does not have.)
 */
export function tagCloud({ columns, params }: PanelQuery, rows: readonly Row[], size: Size): string {
  const word = columns.findIndex(({ schema }) => schema === "segment");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const counts = rows.map((row) => Number(row[counted]));
  const fontSize = scale(counts, Number(params.minFontSize), Number(params.maxFontSize));
  const words = rows.map((row, index): Word => {
    const text = String(row[word]);
    const own = fontSize(counts[index]!);
    return {
      text: cut(text, own, size.width - 8),
      fontSize: own,
      colour: SERIES[index % SERIES.length]!,
      title: `${text}: ${count(counts[index]!)}`,
    };
  });
  const texts = fill(words, size).map(
    ({ text, title, colour, fontSize: own, x, y }) =>
      `<text x="${round(x)}" y="${round(y)}" font-size="${round(own)}" fill="${colour}"><title>${escape(title)}</title>${escape(text)}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}">` +
    `<g text-anchor="middle" dominant-baseline="central">${texts.join("")}</g></svg>`
  );
}

function scale(counts: readonly number[], smallest: number, largest: number): (count: number) => number {
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  return (value) => (most === least ? largest : smallest + ((largest - smallest) * (value - least)) / (most - least));
}

/** All words, in sizes as asked for or, where they do not fit, as much smaller as they have to be. */
function fill(words: readonly Word[], size: Size): Placed[] {
  for (let factor = 1; factor > 0.3; factor *= 0.93) {
    const placed = place(
      words.map((word) => ({ ...word, fontSize: word.fontSize * factor })),
      size,
    );
    if (placed) return placed;
  }
  return [];
}

/** Along a spiral from the middle, wider than high like the panel. Undefined if a word finds no room. */
function place(words: readonly Word[], { width, height }: Size): Placed[] | undefined {
  const placed: Placed[] = [];
  for (const word of [...words].sort((a, b) => b.fontSize - a.fontSize)) {
    let found: Placed | undefined;
    for (let turn = 0; turn < 400 && !found; turn += 0.15) {
      const x = width / 2 + (turn * width * Math.cos(turn)) / 240;
      const y = height / 2 + (turn * height * Math.sin(turn)) / 240;
      const candidate = { ...word, x, y };
      const inside =
        x - halfWidth(word) >= 0 &&
        x + halfWidth(word) <= width &&
        y - halfHeight(word) >= 0 &&
        y + halfHeight(word) <= height;
      if (inside && placed.every((other) => !overlap(candidate, other))) found = candidate;
    }
    if (!found) return undefined;
    placed.push(found);
  }
  return placed;
}

function overlap(a: Placed, b: Placed): boolean {
  return Math.abs(a.x - b.x) < halfWidth(a) + halfWidth(b) && Math.abs(a.y - b.y) < halfHeight(a) + halfHeight(b);
}

function halfWidth({ text, fontSize }: Word): number {
  return (textWidth(text) * fontSize) / 2 + 5;
}

function halfHeight({ fontSize }: Word): number {
  return fontSize * 0.62;
}
