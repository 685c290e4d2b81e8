import fc from "fast-check";
import { addUpToTheInternet, isCidr, isPrivateCidr, networkOf } from "../../../modules/config/cidr";

test.each(["203.0.113.10/32", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/64", "2001:DB8:0:0::/64", "::/0"])(
  "%s is a network",
  (text) => {
    expect(isCidr(text)).toBe(true);
  },
);

test.each([
  "",
  "office",
  "203.0.113.10",
  "203.0.113.10/24",
  "203.0.113.0/33",
  "0x7f.1/8",
  "10/8",
  "010.0.0.0/8",
  "fe80::1%eth0/64",
  "::1/129",
  "1.2.3.4/ 32",
])("%p is no network as AWS takes it", (text) => {
  expect(isCidr(text)).toBe(false);
});

test("any text is a network or not, and what networkOf makes is one", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(140)).map(([a, p]) => `${a}/${p}`),
      ),
      (text) => {
        const network = networkOf(text);
        if (network !== undefined) expect(isCidr(network)).toBe(true);
        else expect(isCidr(text)).toBe(false);
      },
    ),
  );
});

test("the internet cut into pieces of any size is the internet still", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.boolean(), (prefix, six) => {
      const pieces = Array.from({ length: 2 ** prefix }, (_, index) =>
        six
          ? `${(0x2000 + index * 2 ** (13 - Math.min(prefix, 10))).toString(16)}::/${3 + prefix}`
          : `${Math.floor((index * 2 ** (32 - prefix)) / 2 ** 24)}.${(((index * 2 ** (32 - prefix)) / 2 ** 16) % 256) | 0}.0.0/${prefix}`,
      );
      expect(addUpToTheInternet(pieces)).toBe(true);
      expect(addUpToTheInternet(pieces.slice(0, Math.floor(pieces.length / 2) - 1))).toBe(false);
    }),
  );
});

test("the same network twice counts once", () => {
  expect(addUpToTheInternet(["0.0.0.0/2", "0.0.0.0/2", "1.0.0.0/8"])).toBe(false);
});

test.each([
  ["10.1.0.0/16", true],
  ["127.0.0.1/32", true],
  ["169.254.0.0/16", true],
  ["fd00::/8", true],
  ["8.8.8.0/24", false],
  ["10.0.0.0/7", false],
  ["2400::/12", false],
])("%s is %s never seen by a public endpoint", (cidr, expected) => {
  expect(isPrivateCidr(cidr)).toBe(expected);
});
