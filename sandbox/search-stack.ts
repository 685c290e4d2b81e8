import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { applySearchStack, destroySearchStack, planSearchStack } from "./elasticstack";
import { providersFound, readStack, type RunStacksOptions } from "./terraform";
import type { TrustingClient } from "./tls";

/**
 * The stack `search`: applied by the real elasticstack provider where `terraform init` finds it, and where it cannot be
 * had by a stand-in that sends the same requests through the same gateway.
 */
export class SearchStack {
  private found: boolean | undefined;
  private gatewayUrl = "";

  constructor(
    private readonly options: { readonly client: TrustingClient; readonly token: string; readonly folder: string },
  ) {}

  /** Finds out whether the provider can be had; asked once. */
  async find(options: RunStacksOptions): Promise<void> {
    this.found ??= await providersFound("search", options);
  }

  get isReal(): boolean {
    return this.found ?? false;
  }

  async apply(outDir: string, gatewayUrl: string): Promise<void> {
    mkdirSync(this.options.folder, { recursive: true });
    this.gatewayUrl = gatewayUrl;
    await applySearchStack(this.given(outDir));
  }

  /** @param gatewayUrl by default the one that the stack was applied through */
  async plan(
    outDir: string,
    gatewayUrl = this.gatewayUrl,
  ): Promise<{ stack: string; address: string; action: string }[]> {
    const { changes } = await planSearchStack({ ...this.given(outDir), gatewayUrl });
    return changes.map((change) => ({ stack: "search", ...change }));
  }

  async destroy(outDir: string): Promise<void> {
    await destroySearchStack(this.given(outDir));
  }

  private given(outDir: string) {
    const { client, token, folder } = this.options;
    return {
      stackJson: readStack(outDir, "search"),
      gatewayUrl: this.gatewayUrl,
      token,
      client,
      stateFile: join(folder, "state.json"),
    };
  }
}
