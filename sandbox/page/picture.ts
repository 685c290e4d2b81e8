import { bodyOf, boxOf, COLOURS, escape, FONT, GRID } from "./look";
import { type AnsweredPanel, drawPanel } from "./panel";

export interface PictureProps {
  readonly title: string;
  /** One line under the title: how many records, from when to when. */
  readonly facts: string;
  readonly panels: readonly AnsweredPanel[];
}

const MARGIN = 16;
const HEADER = 58;

/** A whole dashboard as one SVG that needs nothing else: no scripts, no fonts, no network. */
export async function renderPicture({ title, facts, panels }: PictureProps): Promise<string> {
  const boxes = panels.map(({ query }) => boxOf(query.place));
  const height = HEADER + Math.max(...boxes.map((box) => box.y + box.height)) + MARGIN;
  const width = GRID.width + 2 * MARGIN;
  const drawn = await Promise.all(
    panels.map(async (panel, index) => {
      const box = boxes[index]!;
      const body = bodyOf(box);
      const { svg } = await drawPanel(panel, body);
      const place = `<svg x="${body.x}" y="${body.y}" width="${body.width}" height="${body.height}" `;
      return (
        `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="4" fill="${COLOURS.panel}" stroke="${COLOURS.border}"/>` +
        `<text x="${box.x + 10}" y="${box.y + 20}" font-size="13" font-weight="600" fill="${COLOURS.text}">${escape(panel.query.title)}</text>` +
        svg.replace("<svg ", place)
      );
    }),
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`Dashboard ${title}, ${facts}`)}" font-family="${escape(FONT)}">` +
    `<rect width="${width}" height="${height}" fill="${COLOURS.page}"/>` +
    `<text x="${MARGIN}" y="30" font-size="20" font-weight="600" fill="${COLOURS.text}">${escape(title)}</text>` +
    `<text x="${MARGIN}" y="49" font-size="13" fill="${COLOURS.faint}">${escape(facts)}</text>` +
    `<g transform="translate(${MARGIN},${HEADER})">${drawn.join("")}</g></svg>\n`
  );
}
