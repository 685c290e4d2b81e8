/** The steps that Kibana chooses from, the longest first: each is used while a fiftieth of the time range is below its bound. */
const STEPS: readonly { readonly below: number; readonly step: string }[] = [
  { below: Infinity, step: "1y" },
  { below: days(365), step: "1M" },
  { below: days(21), step: "1w" },
  { below: days(7), step: "1d" },
  { below: hours(24), step: "12h" },
  { below: hours(6), step: "3h" },
  { below: hours(2), step: "1h" },
  { below: minutes(45), step: "30m" },
  { below: minutes(20), step: "10m" },
  { below: minutes(9), step: "5m" },
  { below: minutes(3), step: "1m" },
  { below: 45_000, step: "30s" },
  { below: 15_000, step: "10s" },
  { below: 7_500, step: "5s" },
  { below: 5_000, step: "1s" },
  { below: 500, step: "100ms" },
];

/** Kibana's setting histogram:barTarget. */
const BARS = 50;

/**
 * The interval that Kibana 7.10 and OpenSearch Dashboards resolve `auto` to, as the engine's parameter: about fifty
 * steps in the time range. One whole minute, hour, day or longer is a calendar interval, all others are fixed ones.
 *
 * @param milliseconds length of the time range, more than 0
 */
export function autoInterval(milliseconds: number): { calendar_interval: string } | { fixed_interval: string } {
  const perBar = milliseconds / BARS;
  const step = STEPS.filter(({ below }) => perBar < below).at(-1)!.step;
  return /^1[mhdwMy]$/.test(step) ? { calendar_interval: step } : { fixed_interval: step };
}

function minutes(count: number): number {
  return count * 60_000;
}

function hours(count: number): number {
  return minutes(count * 60);
}

function days(count: number): number {
  return hours(count * 24);
}
