import fc from "fast-check";
import { DASHBOARD_ID, savedObjects, type SavedObject } from "../../../modules/dashboards";
import { anyOf } from "../../../modules/dashboards/article";
import exported from "./article.json";

/** What the article's author exported from Kibana 5. */
const ARTICLE = new Map(exported.map((object) => [object._id, object._source as Record<string, unknown>]));
const VISUALIZATIONS = [...ARTICLE.keys()].filter((id) => id !== "CloudTrail");

const objects = savedObjects({ excludedUsers: ["homes-dev"] });

describe("the article's dashboard", () => {
  test("is called CloudTrail and has the article's seven visualizations, in the article's order", () => {
    expect(DASHBOARD_ID).toBe("CloudTrail");
    expect(object("dashboard", "CloudTrail").attributes.title).toBe(ARTICLE.get("CloudTrail")!.title);
    expect(panels().map(({ id }) => id)).toEqual(articlePanels().map(({ id }) => id));
    expect(VISUALIZATIONS).toHaveLength(7);
  });

  test.each(VISUALIZATIONS)("%s: title, type, fields, sizes and order are the article's", (id) => {
    const [own, theirs] = [visState(object("visualization", id).attributes), visState(ARTICLE.get(id)!)];
    expect(object("visualization", id).attributes.title).toBe(id);
    expect(own.type).toBe(theirs.type);
    const relevant = ({ aggs }: VisState) =>
      aggs
        .map(({ type, schema, params }) => {
          const { field, size, order, min_doc_count } = params;
          return { type, schema, field, size, order, min_doc_count };
        })
        .sort((a, b) => (a.type < b.type ? -1 : 1));
    expect(relevant(own)).toEqual(relevant(theirs));
  });

  test.each(VISUALIZATIONS.filter((id) => id.endsWith("_TagCloud")))(
    "%s: letters are as large as the article's",
    (id) => {
      const sizes = ({ params }: VisState) => [
        params.minFontSize,
        params.maxFontSize,
        params.scale,
        params.orientation,
      ];
      expect(sizes(visState(object("visualization", id).attributes))).toEqual(sizes(visState(ARTICLE.get(id)!)));
    },
  );

  test.each(VISUALIZATIONS.filter((id) => id.endsWith("Chart")))(
    "%s: the legend stands where the article's does",
    (id) => {
      const legend = ({ params }: VisState) => [params.addLegend, params.legendPosition, params.addTooltip];
      expect(legend(visState(object("visualization", id).attributes))).toEqual(legend(visState(ARTICLE.get(id)!)));
    },
  );

  test.each(["eventName_AreaChart", "errorCode_AreaChart"])(
    "%s: five series over the whole time, not five a step",
    (id) => {
      const { aggs } = visState(object("visualization", id).attributes);
      expect(aggs.map(({ type }) => type)).toEqual(["count", "terms", "date_histogram"]);
    },
  );

  test("columns are the article's twelve, four times as many, and rows keep their order", () => {
    const own = new Map(panels().map((panel) => [panel.id, panel]));
    for (const { id, col, size_x } of articlePanels())
      expect([own.get(id)!.gridData.x, own.get(id)!.gridData.w]).toEqual([(col - 1) * 4, size_x * 4]);
    const column = (least: number, most: number) => articlePanels().filter(({ col }) => col >= least && col <= most);
    for (const half of [column(1, 3), column(4, 6), column(7, 12)]) {
      const theirs = [...half].sort((a, b) => a.row - b.row).map(({ id }) => id);
      const ours = half.map(({ id }) => own.get(id)!).sort((a, b) => a.gridData.y - b.gridData.y);
      expect(ours.map(({ id }) => id)).toEqual(theirs);
    }
  });

  test("panels neither overlap nor leave a hole, and pies are high enough to be drawn", () => {
    const cells = panels().flatMap(({ gridData: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells).toHaveLength(48 * 40);
    for (const { id, gridData } of panels()) if (id.endsWith("PieChart")) expect(gridData.h).toBeGreaterThanOrEqual(8);
  });

  test("the dark look is kept as far as the version has it", () => {
    const options = (attributes: Record<string, unknown>) => JSON.parse(String(attributes.optionsJSON)) as object;
    expect(options(object("dashboard", "CloudTrail").attributes)).toMatchObject(options(ARTICLE.get("CloudTrail")!));
  });
});

describe("excluded users", () => {
  test("are left out of userName_TagCloud and of nothing else", () => {
    const excluded = objects
      .filter(({ type }) => type === "visualization")
      .flatMap(({ id, attributes }) => visState(attributes).aggs.map(({ params }) => [id, params.exclude] as const))
      .filter(([, exclude]) => exclude !== undefined);
    expect(excluded).toEqual([["userName_TagCloud", "homes\\-dev"]]);
  });

  test("nobody is excluded by default", () => {
    expect(JSON.stringify(savedObjects({ excludedUsers: [] }))).not.toContain("exclude");
  });

  test("are taken word for word: no name is a pattern", () => {
    const special = /[.?+*|{}[\]()"\\#@&<>~^$-]/;
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
        const pattern = anyOf(names)!;
        const unescaped = pattern.replace(/\\(.)/gsu, "");
        expect(unescaped.replaceAll("|", "")).not.toMatch(special);
        expect(pattern.replace(/\\(.)|\|/gsu, (_, character: string | undefined) => character ?? "\n")).toBe(
          names.join("\n"),
        );
      }),
    );
  });
});

interface VisState {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly aggs: readonly {
    readonly type: string;
    readonly schema: string;
    readonly params: Record<string, unknown>;
  }[];
}

interface ArticlePanel {
  readonly id: string;
  readonly col: number;
  readonly row: number;
  readonly size_x: number;
}

function object(type: SavedObject["type"], id: string): SavedObject {
  return objects.find((each) => each.type === type && each.id === id)!;
}

function visState(attributes: Readonly<Record<string, unknown>>): VisState {
  return JSON.parse(String(attributes.visState)) as VisState;
}

function articlePanels(): ArticlePanel[] {
  return JSON.parse(String(ARTICLE.get("CloudTrail")!.panelsJSON)) as ArticlePanel[];
}

function panels(): { id: string; gridData: { x: number; y: number; w: number; h: number } }[] {
  const { attributes, references } = object("dashboard", "CloudTrail");
  const stored = JSON.parse(String(attributes.panelsJSON)) as {
    panelRefName: string;
    gridData: { x: number; y: number; w: number; h: number };
  }[];
  return stored.map(({ panelRefName, gridData }) => ({
    id: references.find(({ name }) => name === panelRefName)!.id,
    gridData,
  }));
}
