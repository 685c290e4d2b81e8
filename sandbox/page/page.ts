import { tableHtml } from "./figures";
import { bodyOf, boxOf, COLOURS, escape, FONT, GRID } from "./look";
import { type AnsweredPanel, drawPanel } from "./panel";

export interface PageProps {
  readonly title: string;
  /** What the reader should know of the data, in order: `{ Records: "6,053", From: "..." }`. */
  readonly facts: Readonly<Record<string, string>>;
  readonly dashboards: readonly DashboardProps[];
}

export interface DashboardProps {
  /** Becomes the anchor on the page. */
  readonly id: string;
  readonly title: string;
  readonly panels: readonly AnsweredPanel[];
}

export interface Page {
  /** One file that holds everything: it opens without network. */
  readonly html: string;
  /** Titles of the panels that show no data. */
  readonly empty: readonly string[];
}

/** The dashboards as one HTML page, one below the other, each panel where the dashboard has it. */
export async function renderPage({ title, facts, dashboards }: PageProps): Promise<Page> {
  const empty: string[] = [];
  const sections = await Promise.all(
    dashboards.map(async (dashboard) => {
      const panels = await Promise.all(dashboard.panels.map((panel) => renderPanel(panel)));
      empty.push(...panels.flatMap((panel) => (panel.isEmpty ? [panel.title] : [])));
      return (
        `<section id="${escape(dashboard.id)}"><h2>${escape(dashboard.title)}</h2>` +
        `<div class="grid">${panels.map(({ html }) => html).join("\n")}</div></section>`
      );
    }),
  );
  const links = dashboards.map(({ id, title: name }) => `<a href="#${escape(id)}">${escape(name)}</a>`);
  const list = Object.entries(facts).map(
    ([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`,
  );
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escape(title)}</h1><nav>${links.join("")}</nav><dl>${list.join("")}</dl></header>
<main>
${sections.join("\n")}
</main>
</body>
</html>
`;
  return { html, empty };
}

async function renderPanel(panel: AnsweredPanel): Promise<{ html: string; title: string; isEmpty: boolean }> {
  const { query } = panel;
  const drawing = await drawPanel(panel, bodyOf(boxOf(query.place)));
  const body = query.type === "table" && !drawing.isEmpty ? tableHtml(query, drawing.rows) : drawing.svg;
  const { x, y, w, h } = query.place;
  const place = `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`;
  const note = query.description ? ` title="${escape(query.description)}"` : "";
  return {
    html: `<article style="${place}" data-panel="${escape(query.id)}"><h3${note}>${escape(query.title)}</h3><div class="body">${body}</div></article>`,
    title: query.title,
    isEmpty: drawing.isEmpty,
  };
}

const STYLE = `
:root { color-scheme: dark; }
body { margin: 0; background: ${COLOURS.page}; color: ${COLOURS.text}; font: 14px/1.4 ${FONT}; }
header, main { max-width: ${GRID.width}px; margin: 0 auto; padding: 16px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 8px 28px; padding-bottom: 0; }
h1 { font-size: 22px; margin: 0; }
h2 { font-size: 17px; margin: 18px 0 10px; }
h3 { font-size: 13px; margin: 0; padding: 6px 10px 0; height: ${GRID.heading - 6}px; box-sizing: border-box; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
nav { display: flex; gap: 16px; }
a { color: ${COLOURS.accent}; }
dl { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 0; }
dl div { display: flex; gap: 6px; }
dt { color: ${COLOURS.faint}; }
dd { margin: 0; }
.grid { display: grid; grid-template-columns: repeat(${GRID.columns}, minmax(0, 1fr)); grid-auto-rows: ${GRID.row}px; gap: ${GRID.gap}px; }
article { background: ${COLOURS.panel}; border: 1px solid ${COLOURS.border}; border-radius: 4px; box-sizing: border-box; min-width: 0; display: flex; flex-direction: column; }
.body { flex: 1; min-height: 0; padding: 0 ${GRID.padding}px ${GRID.padding}px; }
.body svg { display: block; width: 100%; height: 100%; }
.scroll { height: 100%; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th, td { text-align: left; padding: 3px 8px; border-bottom: 1px solid ${COLOURS.border}; overflow-wrap: anywhere; }
th { position: sticky; top: 0; background: ${COLOURS.panel}; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
@media (max-width: 900px) { .grid { display: block; } article { margin-bottom: ${GRID.gap}px; } .body { min-height: 200px; max-height: 420px; } }
`;
