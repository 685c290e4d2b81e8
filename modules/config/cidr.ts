import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network as first and last address, as numbers. */
interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/** The addresses that are given out at all: of IPv6 only the global unicast block. */
const GIVEN_OUT: readonly Range[] = [rangeOf("0.0.0.0/0"), rangeOf("2000::/3")];

const DOCUMENTATION = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"].map(rangeOf);

/**
 * Whether the text is a network as AWS takes it: CIDR notation, IPv4 (four decimal numbers) or IPv6 (without a zone),
 * without host bits.
 */
export function isCidr(text: string): boolean {
  const network = networkOf(text);
  return network !== undefined && network === normal(text);
}

/** The network that an address with a prefix is in, in CIDR notation; undefined where the text is none at all. */
export function networkOf(text: string): string | undefined {
  const [address = "", prefix = ""] = text.split("/");
  const plain = ipaddr.IPv4.isValidFourPartDecimal(address) || (ipaddr.IPv6.isValid(address) && !address.includes("%"));
  if (!plain || !/^\d{1,3}$/.test(prefix) || !ipaddr.isValidCIDR(text)) return undefined;
  const network = address.includes(":")
    ? ipaddr.IPv6.networkAddressFromCIDR(text)
    : ipaddr.IPv4.networkAddressFromCIDR(text);
  return `${network.toString()}/${Number(prefix)}`;
}

/** Whether no address of a network is ever seen by a public endpoint: private, loopback, link-local and the like. */
export function isPrivateCidr(text: string): boolean {
  const { bits, first, last } = rangeOf(text);
  const [from, to] = [fromNumber(first, bits).range(), fromNumber(last, bits).range()];
  return from !== "unicast" && from === to;
}

/** Whether a network is one of those that are kept for examples (RFC 5737, RFC 3849, RFC 9637). */
export function isDocumentationCidr(text: string): boolean {
  const { bits, first, last } = rangeOf(text);
  return DOCUMENTATION.some((range) => range.bits === bits && range.first <= first && last <= range.last);
}

/**
 * Whether the networks together are (nearly) the whole internet: at least half of the IPv4 addresses, or of the IPv6
 * addresses that are given out. Two halves, `0.0.0.0/1` and `128.0.0.0/1`, are as open as `0.0.0.0/0`.
 */
export function addUpToTheInternet(cidrs: readonly string[]): boolean {
  const ranges = cidrs.map(rangeOf);
  return GIVEN_OUT.some(({ bits, first, last }) => {
    const covered = size(ranges.filter((range) => range.bits === bits).map((range) => clip(range, first, last)));
    return covered * 2n >= last - first + 1n;
  });
}

/** One notation for each address, so that `2001:DB8:0::` is no other network than `2001:db8::`. */
function normal(text: string): string {
  const [address = "", prefix] = text.split("/");
  return `${ipaddr.parse(address).toString()}/${Number(prefix)}`;
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

function fromNumber(number: bigint, bits: 32 | 128): Address {
  const bytes = Array.from({ length: bits / 8 }, (_, index) => Number((number >> BigInt(bits - 8 - index * 8)) & 255n));
  return ipaddr.fromByteArray(bytes);
}

function clip(range: Range, first: bigint, last: bigint): Range {
  return {
    bits: range.bits,
    first: range.first > first ? range.first : first,
    last: range.last < last ? range.last : last,
  };
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
