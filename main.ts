import { ConfigError, loadConfig } from "./modules/config";
import { synthesize } from "./modules/stacks";

try {
  const { config, warnings, file } = loadConfig();
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  synthesize(config, { file });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
