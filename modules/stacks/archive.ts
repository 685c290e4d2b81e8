import type { Construct } from "constructs";
import { TerraformOutput } from "cdktf";
import { Archive } from "../archive";
import { managementProvider } from "../aws";
import type { Config } from "../config";
import { BaseStack } from "./base";
import { archiveProps } from "./props";

/** The evidence. It outlives everything: the other stacks can be destroyed and rebuilt around it. */
export class ArchiveStack extends BaseStack {
  constructor(scope: Construct, config: Config) {
    super(scope, "archive", config.terraform.backend);
    managementProvider(this, config);
    this.useAwsProviderRange();
    const { archive, deadLetters } = new Archive(this, "archive", archiveProps(config));
    new TerraformOutput(this, "archive_bucket", { value: archive.bucket.bucket });
    new TerraformOutput(this, "dead_letter_bucket", { value: deadLetters.bucket.bucket });
  }
}
