import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { AssetType, TerraformAsset, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { bundle } from "./bundle";

/** A function's code as aws_lambda_function wants it. */
export interface LambdaAsset {
  /** The zip's path, relative to the stack's folder. */
  readonly filename: string;
  readonly sourceCodeHash: string;
  /** For `handler`. */
  readonly handler: string;
}

/**
 * Bundles a function into the stack's assets; several functions of one stack share one file.
 *
 * @param entry absolute path of the module that exports `handler`; the name of its folder names the asset
 */
export function lambdaAsset(scope: Construct, entry: string): LambdaAsset {
  const stack = TerraformStack.of(scope);
  const { zip, hash } = bundle(entry);
  const content = createHash("sha256").update(hash).digest("hex").slice(0, 32);
  const id = `code-${basename(dirname(entry))}`;
  const asset =
    (stack.node.tryFindChild(id) as TerraformAsset | undefined) ??
    new TerraformAsset(stack, id, { path: keep(zip, content), type: AssetType.FILE, assetHash: content });
  if (asset.assetHash !== content) throw new Error(`${id} is another function's code already in ${stack.node.path}`);
  return { filename: asset.path, sourceCodeHash: hash, handler: "index.handler" };
}

let folder: string | undefined;

/** Writes the zip where the synthesis can copy it from; gone when the process ends. */
function keep(zip: Uint8Array, name: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "lambda-assets-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  const path = join(folder, name, "function.zip");
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(path, zip);
  return path;
}
