import { Command } from "commander";
import { policyJson } from "../modules/aws";
import { loadConfig, orExplain } from "../modules/config";
import { managementDeployStatements, memberDeployStatements } from "../modules/stacks";

// Prints the policy of the role that deploys, with the configuration's names.
new Command("npm run deploy-policies --")
  .description("The policy of a deploying role, as JSON.")
  .argument("[account]", "id of a member; by default the management account")
  .action((id: string | undefined, _, command: Command) => {
    const { config } = orExplain(() => loadConfig());
    const member = config.members.find(({ accountId }) => accountId === id);
    if (id !== undefined && id !== config.management.accountId && member === undefined) {
      command.error(`error: ${id} is no account of the configuration`, { exitCode: 2 });
    }
    const statements =
      member === undefined ? managementDeployStatements(config) : memberDeployStatements(config, member);
    process.stdout.write(`${JSON.stringify(JSON.parse(policyJson(statements)), null, 2)}\n`);
  })
  .parse();
