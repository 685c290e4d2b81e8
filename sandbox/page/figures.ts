import type { Column, PanelQuery, Row } from "../../modules/dashboards";
import { COLOURS, count, cut, escape, round, SERIES, textWidth, time } from "./look";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Plain figures side by side, each over its name. */
export function metric({ columns }: PanelQuery, rows: readonly Row[], size: Size): string {
  const named = columns.findIndex(({ kind }) => kind === "term");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const share = size.width / rows.length;
  const large = Math.min(46, size.height * 0.45);
  const figures = rows.map((row, index) => {
    const x = round(share * (index + 0.5));
    const value = Number(row[counted]);
    const colour = value > 0 ? SERIES[index % SERIES.length]! : COLOURS.faint;
    const label = cut(String(row[named]), 14, share - 10);
    return (
      `<text x="${x}" y="${round(size.height * 0.5)}" font-size="${round(large)}" fill="${colour}">${count(value)}</text>` +
      `<text x="${x}" y="${round(size.height * 0.5 + 26)}" font-size="14" fill="${COLOURS.text}">${escape(label)}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}"><g text-anchor="middle">${figures.join("")}</g></svg>`;
}

/** A table as a drawing: the rows that fit, and how many more there are. */
export function tableDrawing({ columns }: PanelQuery, rows: readonly Row[], size: Size): string {
  const lineHeight = 22;
  const fontSize = 12;
  const fitting = Math.floor(size.height / lineHeight) - 1;
  const shown = rows.length > fitting ? rows.slice(0, fitting - 1) : rows;
  const cells = shown.map((row) => row.map((value, index) => cellText(columns[index]!, value)));
  const edges = columnEdges([columns.map(headingOf), ...cells], size.width, fontSize);
  const line = (texts: readonly string[], index: number, colour: string, weight: string) =>
    texts
      .map((text, column) => {
        const [left, right] = edges[column]!;
        const isNumber = columns[column]!.kind === "number";
        const anchor = isNumber ? `x="${round(right)}" text-anchor="end"` : `x="${round(left)}"`;
        return `<text ${anchor} y="${round((index + 0.7) * lineHeight)}" fill="${colour}"${weight}>${escape(cut(text, fontSize, right - left))}</text>`;
      })
      .join("");
  const rules = cells.map(
    (_, index) => `<path d="M0 ${(index + 1) * lineHeight}H${size.width}" stroke="${COLOURS.border}"/>`,
  );
  const rest =
    rows.length > shown.length
      ? `<text x="0" y="${(shown.length + 1.7) * lineHeight}" fill="${COLOURS.faint}">and ${count(rows.length - shown.length)} more rows</text>`
      : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}"><g font-size="${fontSize}">` +
    line(columns.map(headingOf), 0, COLOURS.text, ' font-weight="600"') +
    cells.map((texts, index) => line(texts, index + 1, COLOURS.text, "")).join("") +
    `${rules.join("")}${rest}</g></svg>`
  );
}

/** The same table as HTML: every row, text that can be selected, to be scrolled. */
export function tableHtml({ columns }: PanelQuery, rows: readonly Row[]): string {
  const align = (column: Column) => (column.kind === "number" ? ' class="number"' : "");
  const head = columns.map((column) => `<th scope="col"${align(column)}>${escape(headingOf(column))}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((value, index) => {
      const column = columns[index]!;
      return `<td${align(column)}>${escape(cellText(column, value))}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function headingOf({ label, kind }: Column): string {
  return kind === "time" ? `${label} (UTC)` : label;
}

function cellText({ kind }: Column, value: string | number): string {
  if (kind === "number") return count(Number(value));
  return kind === "time" ? time(Number(value)) : String(value);
}

/** Left and right edge of each column: as wide as its texts, the widest cut first where the table is too narrow. */
function columnEdges(lines: readonly (readonly string[])[], width: number, fontSize: number): [number, number][] {
  const gap = 14;
  const wanted = lines[0]!.map((_, column) =>
    Math.max(...lines.map((texts) => textWidth(texts[column]!) * fontSize + 2)),
  );
  const room = width - gap * (wanted.length - 1);
  let limit = Math.max(...wanted);
  const taken = () => wanted.reduce((sum, own) => sum + Math.min(own, limit), 0);
  while (taken() > room) limit *= 0.97;
  const spare = (room - taken()) / wanted.length;
  let left = 0;
  return wanted.map((own) => {
    const right = left + Math.min(own, limit) + spare;
    const edges: [number, number] = [left, right];
    left = right + gap;
    return edges;
  });
}
