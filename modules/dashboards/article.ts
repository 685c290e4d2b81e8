import { dashboard } from "./dashboard";
import { TIME_FIELD } from "./index-pattern";
import type { SavedObject } from "./saved-object";
import { AREA, COUNT, overTime, PIE, tagCloud, terms, visualization } from "./visualization";

/** Id and title of the article's dashboard. */
export const DASHBOARD_ID = "CloudTrail";

/**
 * The article's dashboard and its seven visualizations, under their names and with their sizes. Two things differ from
 * its Kibana 5: the areas choose their five series over the whole time range (the article's order, time before terms,
 * chose another five in each step of time), and the pies are eight rows high, because Kibana 7 draws nothing in four.
 */
export function articleDashboard(excludedUsers: readonly string[]): SavedObject[] {
  return [
    areaChart("eventName_AreaChart", "eventName.keyword"),
    pieChart("Region_PieChart", "awsRegion.keyword", 5),
    areaChart("errorCode_AreaChart", "errorCode.keyword"),
    wordCloud("userName_TagCloud", "userIdentity.userName.keyword", 15, [18, 38], anyOf(excludedUsers)),
    wordCloud(
      "sessionIssuer.userName_TagCloud",
      "userIdentity.sessionContext.sessionIssuer.userName.keyword",
      10,
      [12, 24],
    ),
    wordCloud("InvokedBy_TagCloud", "userIdentity.invokedBy.keyword", 20, [18, 42]),
    pieChart("Owner_PieChart", "@owner.keyword", 10),
    dashboard({
      id: DASHBOARD_ID,
      title: "CloudTrail",
      description: "",
      panels: [
        { visualization: "eventName_AreaChart", x: 24, y: 0, w: 24, h: 20 },
        { visualization: "Region_PieChart", x: 12, y: 0, w: 12, h: 8 },
        { visualization: "errorCode_AreaChart", x: 24, y: 20, w: 24, h: 20 },
        { visualization: "userName_TagCloud", x: 0, y: 8, w: 24, h: 8 },
        { visualization: "sessionIssuer.userName_TagCloud", x: 0, y: 16, w: 24, h: 12 },
        { visualization: "InvokedBy_TagCloud", x: 0, y: 28, w: 24, h: 12 },
        { visualization: "Owner_PieChart", x: 0, y: 0, w: 12, h: 8 },
      ],
    }),
  ];
}

function areaChart(id: string, field: string): SavedObject {
  const aggs = [COUNT, terms({ id: "2", schema: "group", field, size: 5 }), overTime("3", TIME_FIELD)];
  return visualization({ id, type: "area", params: AREA, aggs });
}

function pieChart(id: string, field: string, size: number): SavedObject {
  return visualization({
    id,
    type: "pie",
    params: PIE,
    aggs: [COUNT, terms({ id: "2", schema: "segment", field, size })],
  });
}

function wordCloud(
  id: string,
  field: string,
  size: number,
  [minFontSize, maxFontSize]: [number, number],
  exclude?: string,
): SavedObject {
  return visualization({
    id,
    type: "tagcloud",
    params: tagCloud(minFontSize, maxFontSize),
    aggs: [COUNT, terms({ id: "2", schema: "segment", field, size, exclude })],
  });
}

/**
 * A Lucene regular expression that matches these words and nothing else; undefined for none. Lucene's own syntax has
 * more special characters than JavaScript's: also `" # @ & < > ~`.
 */
export function anyOf(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  return words.map((word) => word.replace(/[.?+*|{}[\]()"\\#@&<>~^$-]/g, "\\$&")).join("|");
}
