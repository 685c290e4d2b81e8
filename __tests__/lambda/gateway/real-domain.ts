import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedDomain, type Clock, type Domain } from "../../../lambda/gateway/domain";
import { createGateway } from "../../../lambda/gateway/gateway";
import { domainAccessPolicy } from "../../../modules/domain";
import { accessPolicyProps } from "../../../modules/stacks/props";
import type { Caller } from "../../../sandbox/aws";
import { makeCertificates } from "../../../sandbox/certificates";
import { startDomainFront, type DomainFront } from "../../../sandbox/domain";
import { startEngine, type Engine, type EngineKind } from "../../../sandbox/engine";
import { exampleConfig, type Policy } from "../../support/stacks";
import { askWith, settings, type Ask, type EngineVersion, type TestGateway } from "./support";

export const KINDS: Record<EngineVersion, EngineKind> = { "Elasticsearch_7.10": "es7", "OpenSearch_2.19": "os2" };

/** A real engine behind a domain's TLS, signatures and access policy. */
export interface RealDomain {
  readonly engine: Engine;
  readonly front: DomainFront;
  /** A gateway before it, signing as its role. Its pauses take no time. */
  gateway(between?: (domain: Domain) => Domain): Pick<TestGateway, "ask">;
  /** Changes the access policy until the next call. */
  allow(change: (statements: Policy["Statement"]) => Policy["Statement"]): void;
  stop(): Promise<void>;
}

export async function startRealDomain(version: EngineVersion): Promise<RealDomain> {
  const config = exampleConfig((example) => ({ ...example, search: { ...example.search, engineVersion: version } }));
  const { accountId } = config.management;
  const deployed = JSON.parse(domainAccessPolicy(accessPolicyProps(config))) as Policy;
  let policy = deployed;
  const caller: Caller = {
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${config.names.gatewayRole}/session`,
    roleArn: `arn:aws:iam::${accountId}:role/${config.names.gatewayRole}`,
    secretAccessKey: "the gateway's secret",
    sessionToken: "the gateway's session",
    policies: [],
  };
  const credentials = { accessKeyId: "GATEWAY", ...caller };

  const folder = mkdtempSync(join(tmpdir(), "gateway-engine-"));
  const certificates = makeCertificates(folder);
  const agent = new Agent({ ca: readFileSync(certificates.caFile), keepAlive: true });
  const engine = await startEngine(KINDS[version], { heapMb: 512 });
  const front = await startDomainFront({
    engineUrl: engine.url,
    engineVersion: version,
    domainArn: `arn:aws:es:${config.region}:${accountId}:domain/${config.names.domain}`,
    certificates,
  });
  front.connect({
    caller: (key) => Promise.resolve(key === credentials.accessKeyId ? caller : undefined),
    accessPolicy: () => Promise.resolve(policy),
  });
  const domain = signedDomain({
    endpoint: front.endpoint,
    region: config.region,
    credentials: () => Promise.resolve(credentials),
    agent,
  });

  return {
    engine,
    front,
    gateway: (between = (same) => same) => {
      const clock = skippingClock();
      const gateway = createGateway({
        settings: settings({ ENGINE_VERSION: version }),
        domain: between(domain),
        clock,
        log: () => undefined,
      });
      return { ask: (request: Ask) => askWith(gateway, clock, request) };
    },
    allow: (change) => {
      policy = { ...deployed, Statement: change(deployed.Statement) };
    },
    stop: async () => {
      agent.destroy();
      await front.stop();
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The real time, but that pauses are skipped. */
function skippingClock(): Clock {
  let skipped = 0;
  return {
    now: () => Date.now() + skipped,
    random: () => 1,
    sleep: (ms) => {
      skipped += ms;
      return Promise.resolve();
    },
  };
}
