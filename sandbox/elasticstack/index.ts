export {
  applySearchStack,
  destroySearchStack,
  planSearchStack,
  type PlannedChange,
  type SearchStackOptions,
} from "./stack";
export { ElasticstackError } from "./session";
