import { Agent } from "node:https";
import { localSettings } from "../../lambda/gateway/local";
import { startLocalGateway, type LocalGateway } from "../../lambda/gateway/server";
import type { Config } from "../../modules/config";
import { AwsAccess } from "../aws";

/** Where the local gateway listens if nobody says otherwise. */
const DEFAULT_PORT = 9299;

/** Where the local gateway is going to listen: on the port GATEWAY_PORT, else 9299. */
export function localGatewayUrl(env: NodeJS.ProcessEnv = process.env): string {
  return `http://127.0.0.1:${localPort(env)}`;
}

/**
 * Starts the gateway on this machine, before the configured domain, as the operator role.
 *
 * @throws AccessError where the domain cannot be reached
 * @throws Error with the code EADDRINUSE where the port is taken
 */
export async function openLocalGateway(
  config: Config,
  token: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<LocalGateway> {
  const { endpoint, credentials, ca } = await new AwsAccess(config, env).domainDoor();
  return startLocalGateway({
    settings: localSettings(config, endpoint, token),
    credentials,
    agent: new Agent({ keepAlive: true, ca }),
    port: localPort(env),
  });
}

function localPort(env: NodeJS.ProcessEnv): number {
  return Number(env.GATEWAY_PORT ?? DEFAULT_PORT);
}
