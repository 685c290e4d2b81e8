import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./command";
import type { Synthesized } from "./stacks";

interface Block {
  readonly attributes?: Readonly<Record<string, { readonly required?: boolean; readonly optional?: boolean }>>;
  readonly block_types?: Readonly<Record<string, { readonly block: Block }>>;
}

interface ProviderSchema {
  readonly provider: { readonly block: Block };
  readonly resource_schemas: Readonly<Record<string, { readonly block: Block }>>;
}

/** What a stack sets that the elasticstack provider does not have, and what it leaves out that the provider demands. */
export function elasticstackFaults({ resource = {}, provider }: Synthesized): string[] {
  const file = join(PROJECT, "packages", "provider-elasticstack", "schema.json");
  const { provider_schemas: providers } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly provider_schemas: Readonly<Record<string, ProviderSchema>>;
  };
  const schema = Object.values(providers)[0]!;
  return [
    ...Object.entries(resource).flatMap(([type, named]) =>
      Object.values(named).flatMap((attributes) => faults(attributes, schema.resource_schemas[type]!.block, type)),
    ),
    ...faults(provider.elasticstack![0]!, schema.provider.block, "provider"),
  ];
}

function faults(value: object, { attributes = {}, block_types: blocks = {} }: Block, path: string): string[] {
  return [
    ...Object.entries(attributes)
      .filter(([name, { required }]) => required === true && !(name in value))
      .map(([name]) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const block = blocks[name];
      if (block) return [inner as object].flat().flatMap((one) => faults(one, block.block, `${path}.${name}`));
      const { required, optional } = attributes[name] ?? {};
      return required === true || optional === true || name === "depends_on" ? [] : [`${path}.${name} cannot be set`];
    }),
  ];
}
