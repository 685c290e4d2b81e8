import { DASHBOARD_ID, SECURITY_DASHBOARD_ID } from "../../../modules/dashboards";
import { renderPage, renderPicture, type Page } from "../../../sandbox/page";
import { answered, NOTHING, panels } from "./answers";
import { elements } from "./markup";

const HOSTILE = [`<script>alert("x")</script>`, `" onload="alert(1)`, "a & b < c > d", "]]>", "日本語", "'"];
const DASHBOARDS = [
  { id: DASHBOARD_ID, title: "CloudTrail" },
  { id: SECURITY_DASHBOARD_ID, title: "CloudTrail security" },
];
const FACTS = { Records: "6,053", Accounts: "security & <production>" };

describe("the page", () => {
  let page: Page;
  beforeAll(async () => {
    page = await render();
  });

  test("has every panel of both dashboards, at its place, with its heading", () => {
    for (const { query } of everything()) {
      const { x, y, w, h } = query.place;
      expect(page.html).toContain(`grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}" data-panel="${query.id}"`);
      expect(page.html).toContain(`>${query.title}</h3>`);
    }
    expect(page.empty).toEqual([]);
    expect(page.html).not.toContain("No data");
  });

  test("says what the data is, and leads to each dashboard", () => {
    expect(page.html).toContain("<dt>Records</dt><dd>6,053</dd>");
    expect(page.html).toContain(`<a href="#${SECURITY_DASHBOARD_ID}">CloudTrail security</a>`);
    expect(page.html).toContain(`<section id="${SECURITY_DASHBOARD_ID}">`);
  });

  test("is well-formed", () => {
    expect(() => elements(withoutStyle(page.html))).not.toThrow();
  });

  test("opens without network: it refers to nothing outside, and may load nothing", () => {
    expect(
      page.html.replaceAll("http://www.w3.org/2000/svg", "").replaceAll("http://www.w3.org/1999/xlink", ""),
    ).not.toMatch(/https?:|\bsrc=|@import|url\(/);
    expect(page.html).toContain("default-src 'none'");
  });

  test("shows what is in records as text, whatever it is", async () => {
    const { html } = await render(HOSTILE);
    const names = elements(withoutStyle(html));
    expect([...names].filter((name) => /^(script|foreignObject|image|iframe|@on.*)$/i.test(name))).toEqual([]);
    expect(html.includes("日本語")).toBe(true);
  });

  test("names the panels that have no data", async () => {
    const dashboards = DASHBOARDS.map((dashboard) => ({
      ...dashboard,
      panels: panels(dashboard.id).map((query) => ({ query, answer: NOTHING })),
    }));
    const { html, empty } = await renderPage({ title: "CloudTrail", facts: {}, dashboards });
    expect(empty).toEqual(everything().map(({ query }) => query.title));
    expect(html.match(/No data/g)).toHaveLength(empty.length);
  });
});

describe("the picture", () => {
  test("is one well-formed SVG with every panel of the dashboard, and needs nothing else", async () => {
    const picture = await renderPicture({ title: "CloudTrail", facts: "6,053 records", panels: all(DASHBOARD_ID) });
    const names = elements(picture);
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox=/);
    for (const { query } of all(DASHBOARD_ID)) expect(picture).toContain(`>${query.title}</text>`);
    for (const name of ["script", "style", "image", "foreignObject", "use"]) expect(names).not.toContain(name);
    expect(picture).toContain("6,053 records");
  });

  test("holds tables too, and says how many rows do not fit", async () => {
    const many = Array.from({ length: 40 }, (_, at) => `row ${at}`);
    const picture = await renderPicture({ title: "S", facts: "", panels: all(SECURITY_DASHBOARD_ID, many) });
    expect(picture).toMatch(/and [\d,]+ more rows/);
    expect(() => elements(picture)).not.toThrow();
  });

  test("shows what is in records as text, whatever it is", async () => {
    const picture = await renderPicture({ title: "<b>", facts: "&", panels: all(DASHBOARD_ID, HOSTILE) });
    expect(elements(picture)).not.toContain("script");
  });
});

function render(terms?: readonly string[]): Promise<Page> {
  const dashboards = DASHBOARDS.map((dashboard) => ({ ...dashboard, panels: all(dashboard.id, terms) }));
  return renderPage({ title: "CloudTrail", facts: FACTS, dashboards });
}

function all(dashboardId: string, terms?: readonly string[]) {
  return answered(panels(dashboardId), terms);
}

function everything() {
  return DASHBOARDS.flatMap(({ id }) => all(id));
}

function withoutStyle(html: string): string {
  return html.replace(/<style>[\s\S]*?<\/style>/, "");
}
