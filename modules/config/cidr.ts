import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network as first and last address, as numbers. */
interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/** Whether the text is a network in CIDR notation, IPv4 or IPv6, without host bits. */
export function isCidr(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false;
  const [address, prefix] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === "ipv4"
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${prefix}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${prefix}`);
  return network.toString() === address.toString();
}

/** Whether a network's addresses are never seen by a public endpoint: private, loopback, link-local and the like. */
export function isPrivateCidr(text: string): boolean {
  return ipaddr.parseCIDR(text)[0].range() !== "unicast";
}

/**
 * Whether the networks together are (nearly) the whole internet: at least half of the IPv4 or of the IPv6 addresses.
 * Two halves, `0.0.0.0/1` and `128.0.0.0/1`, are as open as `0.0.0.0/0`.
 */
export function addUpToTheInternet(cidrs: readonly string[]): boolean {
  const ranges = cidrs.map(rangeOf);
  return ([32, 128] as const).some((bits) => {
    const covered = size(ranges.filter((range) => range.bits === bits));
    return covered >= 1n << BigInt(bits - 1);
  });
}

function rangeOf(cidr: string): Range {
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const bits = address.kind() === "ipv4" ? 32 : 128;
  const host = BigInt(bits - prefix);
  const first = (toNumber(address) >> host) << host;
  return { bits, first, last: first + (1n << host) - 1n };
}

function toNumber(address: Address): bigint {
  return address.toByteArray().reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** How many addresses the ranges have together, each counted once. */
function size(ranges: readonly Range[]): bigint {
  let total = 0n;
  let next = 0n;
  for (const { first, last } of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const from = first > next ? first : next;
    if (last >= from) {
      total += last - from + 1n;
      next = last + 1n;
    }
  }
  return total;
}
