import { loadConfig, orExplain } from "../modules/config";
import { savedObjects, toNdjson } from "../modules/dashboards";

// What Terraform imports, for people who have to import it by hand: docs/runbook.md, "A domain that refuses signed imports".
orExplain(() => {
  const { config } = loadConfig();
  process.stdout.write(toNdjson(savedObjects({ excludedUsers: config.kibana.excludedUsers })));
});
