export const DAY_MS = 86_400_000;
/** CloudWatch Logs takes log events up to 14 days old and up to 2 hours ahead, and tries to deliver them for a day. */
const OLDEST_ARRIVAL_MS = 30 * DAY_MS;
const NEWEST_ARRIVAL_MS = 2 * 3_600_000;
/** A time as CloudTrail writes it. */
const EVENT_TIME = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;

/** A record's eventTime. */
export interface EventTime {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Its UTC day, `YYYY.MM.DD`. */
  readonly day: string;
}

/** Reads an eventTime; undefined is what is no time as CloudTrail writes it. */
export function readEventTime(eventTime: unknown): EventTime | undefined {
  if (typeof eventTime !== "string" || !EVENT_TIME.test(eventTime)) return undefined;
  const text = eventTime.slice(0, 10);
  if (text !== lastDay.text) lastDay = dayOf(text);
  // Date takes 30 February for 2 March; an index of such a day is nobody's.
  if (Number.isNaN(lastDay.startMs)) return undefined;
  const seconds = digits(eventTime, 11) * 3600 + digits(eventTime, 14) * 60 + digits(eventTime, 17);
  const fraction = eventTime[19] === "." ? Number(eventTime.slice(20, -1).padEnd(3, "0").slice(0, 3)) : 0;
  return { ms: lastDay.startMs + seconds * 1000 + fraction, day: lastDay.name };
}

/** The number of two digits. */
function digits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - ZEROS;
}

const ZEROS = "0".charCodeAt(0) * 11;

interface Day {
  readonly text: string;
  readonly name: string;
  /** NaN where there is no such day. */
  readonly startMs: number;
}

/** Records that come together are of one day, nearly always: it is not worked out for each of them. */
let lastDay = dayOf("1970-01-01");

function dayOf(text: string): Day {
  const startMs = Date.parse(text);
  const exists = !Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(text);
  return { text, name: text.replaceAll("-", "."), startMs: exists ? startMs : Number.NaN };
}

/** A log event's timestamp as text, in UTC and to the millisecond; undefined for what is none. */
export function isoTime(timestamp: number): string | undefined {
  const ms = Math.trunc(timestamp);
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond.second) lastSecond = { second, text: secondOf(second) };
  if (lastSecond.text === undefined) return undefined;
  return `${lastSecond.text}${String(ms - second * 1000).padStart(3, "0")}Z`;
}

/** Log events that come together were written within seconds. */
let lastSecond: { readonly second: number; readonly text: string | undefined } = {
  second: Number.NaN,
  text: undefined,
};

/** `YYYY-MM-DDThh:mm:ss.` */
function secondOf(second: number): string | undefined {
  const time = new Date(second * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().slice(0, -4);
}

/**
 * The time by which a record's age is told: its log event's own, the same at each delivery, so that a record at the border
 * of the range has one index only. `now` where that can be no time of arrival.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
export function arrivalTime(timestamp: number, now: number): number {
  return timestamp >= now - OLDEST_ARRIVAL_MS && timestamp <= now + NEWEST_ARRIVAL_MS ? timestamp : now;
}
