import fc from "fast-check";
import { boxOf, cut, escape, textWidth } from "../../../sandbox/page/look";
import { drawPanel } from "../../../sandbox/page/panel";
import type { SearchAnswer } from "../../../modules/dashboards";
import { answerTo, HOUR, NOTHING, panel, START } from "./answers";
import { elements } from "./markup";

const SIZE = { width: 500, height: 300 };

test("an area is drawn over every step between the first and the last, also those without records", async () => {
  const query = panel("eventName_AreaChart");
  const at = (hour: number, n: number) => ({ key: START + hour * HOUR, doc_count: n });
  const buckets = [{ key: "RunInstances", doc_count: 9, "3": { buckets: [at(0, 4), at(1, 3), at(4, 2)] } }];
  const answer = { hits: { total: 9 }, aggregations: { "2": { buckets } } } as unknown as SearchAnswer;
  const { svg } = await drawPanel({ query, answer }, SIZE);
  const area = /aria-roledescription="area mark"[^>]*d="([^"]+)"|d="([^"]+)"[^>]*aria-roledescription="area mark"/.exec(
    svg,
  );
  const path = area?.[1] ?? area?.[2] ?? "";
  // Five steps there along the top, and five back along the bottom.
  expect(path.match(/[ML]/g)).toHaveLength(10);
});

test("each drawing says in words what is seen", async () => {
  const { svg, summary } = await drawPanel(
    { query: panel("Region_PieChart"), answer: answerTo(panel("Region_PieChart")) },
    SIZE,
  );
  expect(summary).toBe("Region_PieChart: alpha 300, beta 200, gamma 150");
  expect(svg).toContain(`role="img" aria-label="${escape(summary)}"`);
});

test("figures are as many as there are filters, and zero is not loud", async () => {
  const query = panel("securityFigures_Metric");
  const buckets = { "Denied calls": { doc_count: 1234 }, "Root at work": { doc_count: 0 } };
  const answer = { hits: { total: 5000 }, aggregations: { "2": { buckets } } } as unknown as SearchAnswer;
  const { svg } = await drawPanel({ query, answer }, SIZE);
  expect(svg).toContain(">1,234</text>");
  expect(svg).toContain(">Denied calls</text>");
  expect(svg).toMatch(/fill="#98a2b3">0<\/text>/);
});

test("bars stand in the order of the buckets, the least used region first", async () => {
  const query = panel("regions_BarChart");
  const { svg } = await drawPanel({ query, answer: answerTo(query, ["sa-east-1", "us-east-1", "eu-west-1"]) }, SIZE);
  const places = ["sa-east-1", "us-east-1", "eu-west-1"].map((name) => svg.indexOf(name));
  expect(Math.min(...places)).toBeGreaterThan(-1);
});

test("no data is said, and is no error", async () => {
  const drawing = await drawPanel({ query: panel("deniedCalls_Table"), answer: NOTHING }, SIZE);
  expect(drawing).toMatchObject({ isEmpty: true, summary: "Denied calls by principal: no data" });
  expect(drawing.svg).toContain("No data");
});

test("what cannot be drawn is an error that names it", async () => {
  const query = { ...panel("Region_PieChart"), type: "gauge" };
  await expect(drawPanel({ query, answer: NOTHING }, SIZE)).rejects.toThrow(/Region_PieChart.*"gauge"/);
});

describe("a tag cloud", () => {
  test("has its words as large as they are frequent, within the sizes of the visualization", async () => {
    const query = panel("userName_TagCloud");
    const { svg } = await drawPanel(
      { query, answer: answerTo(query, ["often", "sometimes", "seldom"]) },
      { width: 900, height: 400 },
    );
    const sizes = words(svg).map(({ fontSize }) => fontSize);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect([sizes[0], sizes.at(-1)]).toEqual([38, 18]);
  });

  test("keeps all its words inside, and apart, or draws none", async () => {
    const query = panel("userName_TagCloud");
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }), {
      minLength: 1,
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(names, async (terms) => {
        const { svg } = await drawPanel({ query, answer: answerTo(query, terms) }, SIZE);
        const boxes = words(svg).map(({ text, x, y, fontSize }) => {
          const [half, high] = [(textWidth(text) * fontSize) / 2, fontSize / 2];
          return { left: x - half, right: x + half, top: y - high, bottom: y + high };
        });
        for (const box of boxes) {
          expect(box.left).toBeGreaterThanOrEqual(0);
          expect(box.right).toBeLessThanOrEqual(SIZE.width);
        }
        const overlapping = boxes.filter((one, at) =>
          boxes
            .slice(at + 1)
            .some(
              (other) =>
                one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom,
            ),
        );
        expect(overlapping).toEqual([]);
        // Control characters are no XML, however they are escaped.
        if (!terms.some((term) => /\p{Cc}/u.test(term))) elements(svg);
      }),
      { numRuns: 25 },
    );
  });
});

test("a text is cut to a width, and never to nothing", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.integer({ min: 20, max: 200 }), (text, width) => {
      const short = cut(text, 10, width);
      expect(short.length).toBeGreaterThan(0);
      expect(short === text || short.endsWith("…")).toBe(true);
      if (Array.from(short).length > 2) expect(textWidth(short) * 10).toBeLessThanOrEqual(width);
    }),
  );
});

test("48 columns fill the page's width", () => {
  expect(boxOf({ x: 0, y: 0, w: 48, h: 1 })).toEqual({ x: 0, y: 0, width: 1600, height: 20 });
  const [left, right] = [boxOf({ x: 0, y: 0, w: 24, h: 8 }), boxOf({ x: 24, y: 0, w: 24, h: 8 })];
  expect(right.x - (left.x + left.width)).toBe(8);
});

function words(svg: string): { text: string; x: number; y: number; fontSize: number }[] {
  const pattern = /<text x="([^"]+)" y="([^"]+)" font-size="([^"]+)"[^>]*><title>[^<]*<\/title>([^<]*)<\/text>/g;
  return [...svg.matchAll(pattern)].map(([, x, y, size, text = ""]) => ({
    x: Number(x),
    y: Number(y),
    fontSize: Number(size),
    text: text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
  }));
}
