/** The most memory that this process ever had, in MB (RSS). */
export function peakRssMb(): number {
  // In kilobytes on every system: node sees to that.
  return process.resourceUsage().maxRSS / 1024;
}
