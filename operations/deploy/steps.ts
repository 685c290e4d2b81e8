import { minimatch } from "minimatch";

export type Action = "deploy" | "destroy";

/** One run of cdktf. */
export interface Step {
  /** What cdktf is given: names of stacks, or `*`. */
  readonly stacks: readonly string[];
  /** Whether stacks that these depend on are left out on purpose, which cdktf wants to be told. */
  readonly partial: boolean;
  /** Whether the stack `search` is among them, whose provider calls the gateway. */
  readonly usesGateway: boolean;
}

/** A name or pattern matches no stack; the message lists those there are. */
export class UnknownStackError extends Error {
  override readonly name = "UnknownStackError";
}

/**
 * The runs of cdktf for what the user asked for.
 *
 * Everything at once is one run: cdktf knows the order. Some stacks alone are one run for each rank, because cdktf 0.21
 * refuses a stack without those that it depends on, and with --ignore-missing-stack-dependencies knows no order; worse,
 * `destroy` of several stacks then starts the first without end, so that these go one by one.
 *
 * @param ranks the stacks, in groups: each depends on stacks of earlier groups only
 * @param patterns names of stacks, or patterns such as `accounts-*`, as cdktf takes them
 * @param options.gatewayComesFromDomain the local gateway can only be started once there is a domain: the stacks before
 *   `search` are deployed in a run of their own
 * @throws UnknownStackError
 */
export function stepsOf(
  action: Action,
  ranks: readonly (readonly string[])[],
  patterns: readonly string[],
  options: { readonly gatewayComesFromDomain: boolean },
): Step[] {
  const all = ranks.flat();
  const unknown = patterns.filter((pattern) => !all.some((stack) => minimatch(stack, pattern)));
  if (unknown.length > 0)
    throw new UnknownStackError(`There is no stack ${unknown.join(", ")}; there are ${all.join(", ")}.`);
  const chosen = ranks
    .map((rank) => rank.filter((stack) => patterns.some((pattern) => minimatch(stack, pattern))))
    .filter((rank) => rank.length > 0);
  const names = chosen.flat();
  if (names.length === all.length && !(action === "deploy" && options.gatewayComesFromDomain))
    return [{ stacks: ["*"], partial: false, usesGateway: true }];
  const runs = action === "deploy" ? chosen : names.reverse().map((stack) => [stack]);
  return runs.map((stacks) => ({ stacks, partial: true, usesGateway: stacks.includes("search") }));
}
