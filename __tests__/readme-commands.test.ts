import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./support/command";

/** Where a command of the README is run, and a text of that file which shows it; or why no test runs it. */
type Proof = { readonly test: string; readonly shows: string } | { readonly notRun: string };

const newcomer = (shows: string): Proof => ({ test: "sandbox/newcomer.e2e.test.ts", shows });
const operators = (name: string): Proof => ({ test: "sandbox/operators.e2e.test.ts", shows: `command("${name}"` });
const demo = (shows: string): Proof => ({ test: "sandbox/demo.e2e.test.ts", shows });

const PROOFS: Readonly<Record<string, Proof>> = {
  "npm ci": newcomer('runProgram("npm", ["ci"]'),
  "npm run demo": demo('npmRun("demo"'),
  "npm run demo -- --picture docs/dashboard.svg": demo('"--picture"'),
  "SEARCH_URL=http://127.0.0.1:9200 npm run demo": demo("SEARCH_URL: engine.url"),
  "npm test": { notRun: "it is what runs this" },
  "npm run test:unit": { notRun: "it runs this" },
  "npx jest --selectProjects integration --testPathPatterns lambda/shipper": { notRun: "npm test runs the same" },
  "git clone <this repository>": { notRun: "the newcomer has a copy of the same files" },
  "cp cloudtrail.example.yaml cloudtrail.yaml": newcomer('copyFileSync(join(folder, "cloudtrail.example.yaml")'),
  "npx cdktf synth": newcomer('["cdktf", "synth"]'),
  "npm run deploy": newcomer('npmRun("deploy"'),
  "npx cdktf deploy '*' --parallelism 2": newcomer('["cdktf", "deploy", ...args, "--parallelism", "2"'),
  "export TF_VAR_gateway_token=$(openssl rand -hex 32)": newcomer("TF_VAR_gateway_token: token()"),
  "npm run destroy": newcomer('npmRun("destroy"'),
  "npm run gateway": newcomer('"gateway"]'),
  "npm run doctor": newcomer('npmRun("doctor"'),
  "npm run redrive": operators("redrive"),
  "npm run verify": operators("verify"),
  "npm run verify -- --from DAY --to DAY": operators("verify"),
  "npm run backfill": operators("backfill"),
  "npm run backfill -- --from DAY --to DAY": operators("backfill"),
  "npm run deploy-policies": { test: "operations/deploy-policies.synth.test.ts", shows: '"deploy-policies"' },
  "npm run saved-objects": { test: "operations/saved-objects.synth.test.ts", shows: '"saved-objects"' },
  "npm run bench": { test: "bench/commands.integration.test.ts", shows: 'npmRun("bench"' },
  "npm run bench:verify": { test: "bench/commands.integration.test.ts", shows: 'npmRun("bench:verify"' },
  "npm run bench -- --table": { test: "bench/commands.integration.test.ts", shows: '"--table"' },
  "npm run config:table": { test: "modules/config/print.integration.test.ts", shows: 'npmRun("config:table"' },
  "terraform login": { notRun: "it needs Terraform Cloud" },
  "npx cdktf deploy archive": { notRun: "as a way into Terraform Cloud; the newcomer deploys stacks alone" },
  "cdktf deploy '*'": newcomer('["cdktf", "deploy", ...args'),
  "cdktf deploy": newcomer('["cdktf", "deploy", ...args'),
  "cdktf destroy": newcomer('npmRun("destroy"'),
  "aws s3 sync": { notRun: "it is Amazon's; a folder as it makes one is what verify.integration.test.ts reads" },
};

const BEGINNINGS = /^(?:[A-Z_]+=\S+ )?(?:npm|npx|cdktf|terraform|git|cp|export|aws) \S/;

/** Commands in blocks of shell, one by one, and those within sentences. */
function commands(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) =>
    block!.split("\n").flatMap((line) => line.replace(/\s+#.*$/, "").split(" && ")),
  );
  const inline = [...markdown.replace(/```[^]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);
  const comments = [...markdown.matchAll(/<!-- made by: (.+?) -->/g)].map(([, text]) => text!);
  const all = [...blocks, ...inline, ...comments].map((text) => text.trim());
  return [...new Set(all)].filter((text) => BEGINNINGS.test(text));
}

const README = readFileSync(join(PROJECT, "README.md"), "utf8");

test("every command of the README is run by a test, or it is said why none runs it", () => {
  expect(commands(README).sort()).toEqual(Object.keys(PROOFS).sort());
});

test.each(Object.entries(PROOFS).flatMap(([command, proof]) => ("test" in proof ? [[command, proof] as const] : [])))(
  "%s is in the test that is named for it",
  (_, { test: file, shows }) => {
    expect(readFileSync(join(PROJECT, "__tests__", file), "utf8")).toContain(shows);
  },
);
