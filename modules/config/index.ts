export { loadConfig, parseConfig, type LoadedConfig } from "./load";
export { configJsonSchema, configurationTable } from "./json-schema";
export { ConfigError, type Problem } from "./problems";
export { QUOTAS, quotaProblem } from "./quotas";
export { orExplain, printWarnings } from "./report";
export { configSchema, type Account, type Backend, type Config, type Elastic, type Member, type Names } from "./schema";
export { sourceAccounts, type SourceAccountEntry } from "./source-accounts";
