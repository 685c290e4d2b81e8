import { isAbsolute, resolve } from "node:path";
import { CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Backend } from "../config";

/**
 * The aws providers that every stack works with. The bindings demand exactly the version that they were made from; a
 * range lets the user's mirror or lock file decide. The stacks use only what both majors have.
 */
export const AWS_PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0";

/** A stack with the configured backend. */
export class BaseStack extends TerraformStack {
  constructor(scope: Construct, id: string, backend: Backend) {
    super(scope, id);
    this.addBackend(id, backend);
  }

  /** Call it in stacks with an aws provider; elsewhere it would demand one for nothing. */
  protected useAwsProviderRange(): void {
    this.addOverride("terraform.required_providers.aws.version", AWS_PROVIDER_VERSIONS);
  }

  private addBackend(id: string, backend: Backend): void {
    switch (backend.type) {
      case "local":
        new LocalBackend(this, { path: localPath(backend.folder ?? ".", id) });
        break;
      case "s3":
        new S3Backend(this, {
          bucket: backend.bucket,
          key: [backend.keyPrefix, `${id}.tfstate`].filter((part) => part !== "").join("/"),
          region: backend.region,
          encrypt: true,
          profile: backend.profile,
          kmsKeyId: backend.kmsKeyId,
          dynamodbTable: backend.lockTable,
        });
        // cdktf knows no such property yet. Terraform 1.10 and later lock by a file beside the state.
        if (backend.lockTable === undefined) this.addOverride("terraform.backend.s3.use_lockfile", true);
        break;
      case "cloud":
        // Named, not tagged: only then can another stack read its state.
        new CloudBackend(this, {
          organization: backend.organization,
          hostname: backend.hostname,
          workspaces: new NamedCloudWorkspace(`${backend.workspacePrefix}${id}`, backend.project),
        });
    }
  }
}

function localPath(folder: string, id: string): string {
  const file = `terraform.${id}.tfstate`;
  return isAbsolute(folder) ? resolve(folder, file) : resolve(process.cwd(), folder, file);
}
