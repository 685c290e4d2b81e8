export { terraformEnvironment, type TerraformEnvironment, type TerraformEnvironmentOptions } from "./cli-config";
export {
  providersFound,
  readStack,
  runStacks,
  shortTimeouts,
  StackError,
  stackNames,
  type RunStacksOptions,
  type StackCommand,
  type StackEvent,
  type StackResult,
  type Synthesized,
} from "./stacks";
