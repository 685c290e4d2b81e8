// Makes the TypeScript bindings in lib/ from schema.json with CDKTF's own generator.
// Without network and without Terraform; byte-identical on a repeat; nothing to do when lib/ is up to date.
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const lib = join(here, "lib");
const stamp = join(lib, ".made-from");
const { version: generatorVersion } = JSON.parse(read(resolveFrom("@cdktf/provider-generator/package.json")));
const { providerVersion } = JSON.parse(read(join(here, "package.json")));
const source = "registry.terraform.io/elastic/elasticstack";

const madeFrom = createHash("sha256")
  .update(read(join(here, "schema.json")))
  .update(read(import.meta.filename))
  .update(`${generatorVersion} ${providerVersion}`)
  .digest("hex");

if (!existsSync(stamp) || read(stamp) !== madeFrom) {
  await generate();
}

async function generate() {
  // @cdktf/commons runs `terraform version` when it loads, unless it is told another binary's name.
  process.env.TERRAFORM_BINARY_NAME = "true";
  process.env.CHECKPOINT_DISABLE = "1";
  const require = createRequire(import.meta.url);
  const { CodeMaker } = require("codemaker");
  const { ConstructsMakerProviderTarget, Language, TerraformProviderConstraint } = require("@cdktf/commons");
  // The package's root needs a dependency that it does not declare.
  const { TerraformProviderGenerator } = require("@cdktf/provider-generator/lib/get/generator/provider-generator");

  const schema = JSON.parse(read(join(here, "schema.json")));
  schema.provider_versions = { [source]: providerVersion };
  const target = new ConstructsMakerProviderTarget(
    new TerraformProviderConstraint({ name: "elasticstack", source: "elastic/elasticstack", version: providerVersion }),
    Language.TYPESCRIPT,
  );

  const code = new CodeMaker();
  new TerraformProviderGenerator(code, schema).generate(target);
  const scratch = mkdtempSync(join(tmpdir(), "provider-elasticstack-"));
  try {
    await code.save(scratch);
    const made = join(scratch, "providers", "elasticstack");
    // Written beside lib/ and moved into its place, so that nobody ever meets half of it.
    const next = mkdtempSync(join(here, ".lib-"));
    cpSync(made, next, { recursive: true });
    chmodSync(next, 0o755);
    writeFileSync(join(next, ".made-from"), madeFrom);
    rmSync(lib, { recursive: true, force: true });
    renameSync(next, lib);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function read(path) {
  return readFileSync(path, "utf8");
}

function resolveFrom(specifier) {
  return createRequire(import.meta.url).resolve(specifier);
}
