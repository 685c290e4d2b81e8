import { loadConfig, orExplain, printWarnings } from "./modules/config";
import { synthesize } from "./modules/stacks";

orExplain(() => {
  const { config, warnings, file } = loadConfig();
  printWarnings(file, warnings);
  synthesize(config, { file });
});
