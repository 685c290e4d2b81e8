import {
  ADDED,
  OPAQUE,
  OTHER_PAIRS,
  RECORD,
  SCALAR_KEY,
  SHADOWED_KEY,
  SUBTREES,
  TRUNCATED_SUFFIX,
  type Field,
  type FieldKind,
} from "./list";
import { IGNORE_ABOVE } from "./mapping";

const KINDS: Record<FieldKind, string> = {
  text: "words and phrases; exact as `.keyword`",
  flag: "exact",
  date: "date, ranges",
  address: "exact; networks as `.ip`",
  pairs: "exact, prefix, wildcard",
  message: "words and phrases",
};

const KNOWN_OBJECTS = [...new Set(RECORD.flatMap(({ path }) => (path.includes(".") ? [path.split(".", 1)[0]!] : [])))]
  .map((name) => `\`${name}\``)
  .join(", ");

/** The page docs/fields.md, in Markdown. */
export function fieldsPage(): string {
  return `# The fields of a document

<!-- Made from modules/fields by \`npm run docs:fields\`. -->

A document is a CloudTrail record as it was written, with the fields below that begin with \`@\` in front. Its id is the record's \`eventID\`, its index \`cwl-YYYY.MM.DD\` the UTC day of \`eventTime\`.

The mapping is closed: these fields are indexed and no others, so no record is refused for a field that another record has used in another way, and the number of fields does not grow. Everything else of a record is in the document all the same, and can be searched as \`path=value\`; only names that AWS adds one day within ${KNOWN_OBJECTS} are shown and not searched until they are listed here.

## What CloudTrail writes

${table(RECORD)}

## What the shipper adds

${table(ADDED)}

## Request parameters and other free-form parts

${SUBTREES.map(({ path }) => `\`${path}\``).join(", ")}: their shape depends on the API call. They are kept whole and not indexed themselves. Each has a field with all of its values as \`path=value\`, positions in lists left out:

| part of the record | field | holds |
| --- | --- | --- |
${SUBTREES.map(({ path, pairs, about }) => `| \`${path}\` | \`${pairs}\` | ${about} |`).join("\n")}
| fields in no list | \`${OTHER_PAIRS}\` | What AWS adds to records tomorrow. |

In Kibana (KQL):

| to find | ask |
| --- | --- |
| an exact value | \`@requestParameters: "bucketName=my-bucket"\` |
| a value in a list | \`@requestParameters: "ipPermissions.items.ipRanges.items.cidrIp=0.0.0.0/0"\` |
| a prefix | \`@requestParameters: bucketName=my-*\` |
| a wildcard | \`@requestParameters: *Arn=arn\\:aws\\:iam\\:\\:*\\:role/admin*\` |
| a value under any name | \`@requestParameters: *=sg-0123456789abcdef0\` |
| that a parameter was given | \`@requestParameters: dryRun=*\` |

Upper and lower case differ here. A part has at most 512 pairs of at most 1,024 characters, 32 levels deep; where that cut something off, \`<field>${TRUNCATED_SUFFIX}\` is \`true\`. Numbers above 2^53 are rounded in pairs, not in the document.

## What is changed in a record

Nothing but this; every other value stays letter by letter:

- an object in the place of a scalar becomes its JSON text; so does a list in a list
- a scalar in the place of an object becomes \`{"${SCALAR_KEY}": scalar}\`
- fields at the top level whose name is the shipper's own (\`@...\`, \`message\`), the engine's own (\`_...\`), has a dot or is blank are moved under \`${SHADOWED_KEY}\`; their pairs are in \`${OTHER_PAIRS}\`
- line breaks between fields become spaces

An **envelope** takes the place of what cannot be indexed: a line that is no JSON object, a record of more than 256 levels, a record that the engine refuses (a name that comes twice in it, for example). It has the same id and index, the line as text in \`message\`, the reason in \`@error\`, and the fields of the log event; \`@error: *\` finds them all.

Strings above ${IGNORE_ABOVE.toLocaleString("en")} characters are found by their words and not as a whole. ${OPAQUE.map((path) => `\`${path}\``).join(", ")} is kept and cannot be searched.
`;
}

function table(fields: readonly Field[]): string {
  const rows = fields.map(({ path, kind, about }) => `| \`${path}\` | ${KINDS[kind]} | ${about} |`);
  return ["| field | searched by | what it tells |", "| --- | --- | --- |", ...rows].join("\n");
}
