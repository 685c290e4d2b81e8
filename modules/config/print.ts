import { configJsonSchema, configurationTable } from "./json-schema";

/** `npm run config:schema` and `npm run config:table`: what is made from the schema, to standard output. */
const FORMS: Readonly<Record<string, () => string>> = {
  schema: () => JSON.stringify(configJsonSchema(), null, 2),
  table: configurationTable,
};

const form = FORMS[process.argv[2] ?? ""];
if (form === undefined) throw new Error(`one of ${Object.keys(FORMS).join(", ")} is needed`);
process.stdout.write(`${form()}\n`);
