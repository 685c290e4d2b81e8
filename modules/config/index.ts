export { loadConfig, parseConfig, type LoadedConfig } from "./load";
export { ConfigError, type Problem } from "./problems";
export { QUOTAS, quotaProblem } from "./quotas";
export { configSchema, type Account, type Backend, type Config, type Member, type Names } from "./schema";
export { sourceAccounts, type SourceAccountEntry } from "./source-accounts";
