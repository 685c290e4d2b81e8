/** The bundle for browsers: the one form of vega that is no ES module and needs no canvas. */
declare module "vega/build/vega.js" {
  export * from "vega";

  /** How texts are measured; `width` may be replaced. */
  export const textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number };
}
