import type { Construct } from "constructs";
import { TerraformOutput } from "cdktf";
import { Archive } from "../archive";
import { managementProvider } from "../aws";
import type { Config } from "../config";
import { Operator } from "../domain";
import { BaseStack } from "./base";
import { archiveProps, elasticTarget, operatorProps } from "./props";

/** The evidence. It outlives everything: the other stacks can be destroyed and rebuilt around it. */
export class ArchiveStack extends BaseStack {
  constructor(scope: Construct, config: Config) {
    super(scope, "archive", config.terraform.backend);
    managementProvider(this, config);
    this.useAwsProviderRange();
    const { archive, deadLetters } = new Archive(this, "archive", archiveProps(config));
    new TerraformOutput(this, "archive_bucket", { value: archive.bucket.bucket });
    new TerraformOutput(this, "dead_letter_bucket", { value: deadLetters.bucket.bucket });
    // Otherwise the role is in the domain's stack, whose access policy names it.
    if (elasticTarget(config) !== undefined) {
      const { role } = new Operator(this, "operator", operatorProps(config));
      new TerraformOutput(this, "operator_role_arn", { value: role.arn });
    }
  }
}
