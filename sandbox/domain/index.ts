export {
  startDomainFront,
  type DomainAws,
  type DomainCounts,
  type DomainFront,
  type DomainFrontOptions,
} from "./front";
