import { type Reference, savedObject, type SavedObject } from "./saved-object";

/** Where a panel stands, in a grid of 48 columns; a row is 20 pixels. Pies show nothing below a height of 8. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface DashboardProps {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly (Place & { readonly visualization: string; readonly title?: string })[];
}

export function dashboard(props: DashboardProps): SavedObject {
  const references: Reference[] = props.panels.map((panel, index) => ({
    name: `panel_${index}`,
    type: "visualization",
    id: panel.visualization,
  }));
  const panels = props.panels.map(({ x, y, w, h, title }, index) => ({
    version: "7.10.2",
    gridData: { x, y, w, h, i: String(index + 1) },
    panelIndex: String(index + 1),
    embeddableConfig: {},
    ...(title && { title }),
    panelRefName: `panel_${index}`,
  }));
  const attributes = {
    title: props.title,
    description: props.description,
    hits: 0,
    version: 1,
    timeRestore: false,
    // Kibana 7.10 keeps darkTheme and ignores it: dark is a setting of the whole Kibana there (theme:darkMode).
    optionsJSON: JSON.stringify({ darkTheme: true, hidePanelTitles: false, useMargins: true }),
    panelsJSON: JSON.stringify(panels),
    kibanaSavedObjectMeta: {
      searchSourceJSON: JSON.stringify({ query: { query: "", language: "lucene" }, filter: [] }),
    },
  };
  return savedObject("dashboard", props.id, attributes, references);
}
