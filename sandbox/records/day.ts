import { Cast, type NamedAccount } from "./cast";
import { Diary } from "./diary";
import { Dice } from "./dice";
import { everyday } from "./everyday";
import type { LoggedRecord } from "./record";
import { incident } from "./story";

export { STORY, type StoryPoint } from "./story";

export interface DayOptions {
  /** The accounts that have a trail, the management account first. At least one. */
  readonly accounts: readonly NamedAccount[];
  /** The region that the organisation works in. */
  readonly region: string;
  /** When the day ends, 24 hours after it began. @default now */
  readonly until?: Date;
  /** The same seed makes the same day of the same accounts, region and end. */
  readonly seed?: number;
  /** About how many records everyday life makes; the story adds some 150. @default 2900 */
  readonly records?: number;
}

const HOUR = 3_600_000;
const SEED = 1_610_612_741;

/**
 * A day in the life of a small organisation: what its people, its programs and AWS's services call, in CloudTrail's
 * form, and among it a leaked access key, from the first look around to the arrest. {@link STORY} tells how to find it.
 *
 * @returns the records by time; each names its account as `recipientAccountId`
 * @throws RangeError if there is no account
 */
export function day({ accounts, region, until = new Date(), seed = SEED, records = 2900 }: DayOptions): LoggedRecord[] {
  const [management, ...members] = accounts;
  if (!management) throw new RangeError("A day in no account at all has nothing to tell");
  const dice = new Dice(seed);
  const diary = new Diary(dice, region);
  const end = Math.floor(until.getTime() / 1000) * 1000;
  const begin = end - 24 * HOUR;
  const casts = accounts.map((account) => new Cast(account, management, new Date(begin), dice));
  casts.forEach((cast, at) => {
    everyday({ diary, dice, cast, others: casts.filter((other) => other !== cast), region, begin, end }, share(at));
  });
  // It happens where most of the work is done, and late enough that there is a quiet time to compare it with.
  const victim = casts[members.length > 0 ? 1 : 0]!;
  incident({ diary, dice, cast: victim, others: casts.filter((other) => other !== victim), begin: end - 5 * HOUR });
  return diary.pages().map((record) => ({ record, message: JSON.stringify(record) }));

  /** The second account is the busiest: production, in the example's configuration. */
  function share(at: number): number {
    const weights = accounts.map((_, each) => (each === 1 ? 5 : each === 0 ? 3 : 2));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Math.round((records * weights[at]!) / total);
  }
}
