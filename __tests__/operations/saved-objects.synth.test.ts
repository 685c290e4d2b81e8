import { readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { PROJECT } from "../support/command";
import { exampleConfig, resourceOf, resourcesOf, synthesizedStacks } from "../support/stacks";

const IMPORT = "elasticstack_kibana_import_saved_objects";

test("npm run saved-objects prints what Terraform would import", () => {
  const { stdout, status } = spawnSync("npm", ["run", "--silent", "saved-objects"], {
    cwd: PROJECT,
    encoding: "utf8",
    env: { ...process.env, CLOUDTRAIL_CONFIG: join(PROJECT, "cloudtrail.example.yaml") },
  });
  expect(status).toBe(0);
  const { file_contents: imported } = resourceOf(synthesizedStacks(exampleConfig()).search, IMPORT);
  expect(stdout).toBe(String(imported).replaceAll("$${", "${").replaceAll("%%{", "%{"));
});

test("Terraform imports nothing where the configuration says so, and makes the rest all the same", () => {
  const config = exampleConfig((example) => ({
    ...example,
    kibana: { ...example.kibana, importSavedObjects: false },
  }));
  const { search } = synthesizedStacks(config);
  expect(resourcesOf(search, IMPORT)).toEqual([]);
  expect(Object.keys(search!.resource!).sort()).toEqual([
    "elasticstack_elasticsearch_index_lifecycle",
    "elasticstack_elasticsearch_index_template",
  ]);
});

test("the runbook's way by hand names the switch and the command", () => {
  const runbook = readFileSync(join(PROJECT, "docs", "runbook.md"), "utf8");
  expect(runbook).toContain("`kibana.importSavedObjects: false`");
  expect(runbook).toContain("npm run --silent saved-objects > saved-objects.ndjson");
});
