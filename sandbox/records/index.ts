export { assign } from "./assign";
export { day, STORY, type StoryPoint } from "./day";
export { readRecords, RecordsError, type ReadCounts, type ReadRecord } from "./read";
export type { CloudTrailRecord, LoggedRecord } from "./record";
