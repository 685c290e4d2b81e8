import { runDoctor } from "../../sandbox/checks";
import type { EngineKind } from "../../sandbox/engine";
import type { Sandbox } from "../../sandbox/sandbox";
import { describeWith } from "../support/tools";
import { startSandbox } from "./support";

const DAY_MS = 86_400_000;

/** Made before there is a policy, in a domain that was there before the product. */
const OLDEST = "cwl-2026.01.01";
const OLDER_THAN_POLICY = "cwl-2026.02.05";
/** Made under the policy. */
const SAME_AGE = "cwl-2026.02.06";
const UNDATED = "cwl-undated";
const YOUNG = "cwl-2026.03.02";
/** Nobody asked for this one to be deleted. */
const OTHERS = "somebody-elses-2020";

describeWith(["terraform", "java", "mvn", "python3"], "retention", () => {
  describe.each<EngineKind>(["es7", "os2"])("on %s", (engine) => {
    let sandbox: Sandbox;
    let end: () => Promise<void> = () => Promise.resolve();
    let gatewayUrl = "";

    beforeAll(async () => {
      ({ sandbox, end } = await startSandbox([], engine));
      sandbox.synthesize([[["search", "retentionDays"], 90]]);
      await make(OLDEST);
      await make(OTHERS);
      pass(35);
      await make(OLDER_THAN_POLICY);
      const results = await sandbox.deployDomain();
      gatewayUrl = String(results.find(({ stack }) => stack === "domain")?.outputs.gateway_url);
      await sandbox.deploySearch(gatewayUrl);
      await make(SAME_AGE);
      await make(UNDATED);
      pass(25);
      await make(YOUNG);
      pass(20);
    });
    afterAll(() => end());

    test("of 90 days leaves indices of 80, 45 and 20 days alone", async () => {
      expect(await sandbox.domain.runIsm()).toEqual({ deleted: [] });
      expect(await indices()).toEqual([OLDEST, OLDER_THAN_POLICY, SAME_AGE, YOUNG, UNDATED, OTHERS]);
    });

    test("shortened to 30 days, by the configuration and a second deployment of the search stack, takes those that are due, older than the policy or not", async () => {
      sandbox.synthesize([[["search", "retentionDays"], 30]]);
      expect(await sandbox.planSearch()).toEqual([
        { stack: "search", action: "update", address: expect.stringMatching(/index_lifecycle/) as string },
      ]);
      await sandbox.deploySearch(gatewayUrl);
      const { deleted } = await sandbox.domain.runIsm();
      expect([...deleted].sort()).toEqual([OLDEST, OLDER_THAN_POLICY, SAME_AGE, UNDATED]);
      expect(await indices()).toEqual([YOUNG, OTHERS]);
    });

    test("and its second plan is empty", async () => {
      expect(await sandbox.planSearch()).toEqual([]);
    });

    test("doctor sees the shortened retention in force, and of the domain finds nothing but what was planted", async () => {
      const { report } = await runDoctor(sandbox);
      // The domain's clock is ahead of everybody else's: for doctor all of this was made today.
      const goes = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
      expect(report.indices).toEqual([
        expect.objectContaining({ index: YOUNG, policy: "cloudtrail", goes, late: true }),
      ]);
      expect(report.notLookedAt).toEqual([]);
      const ofDomain = report.findings.filter(({ code }) => !/^(trail|subscription)-missing$/.test(code));
      expect(ofDomain.map(({ code, subject }) => [code, subject])).toEqual([["index-late", YOUNG]]);
    });

    test("then takes the next one when its 30 days are over, and not before", async () => {
      pass(9);
      expect(await sandbox.domain.runIsm()).toEqual({ deleted: [] });
      pass(1);
      expect(await sandbox.domain.runIsm()).toEqual({ deleted: [YOUNG] });
      expect(await indices()).toEqual([OTHERS]);
    });

    test("doctor can look at a domain without any of the product's indices", async () => {
      const { report } = await runDoctor(sandbox);
      expect(report).toMatchObject({ indices: [], notLookedAt: [] });
      expect(report.findings.filter(({ code }) => !/^(trail|subscription)-missing$/.test(code))).toEqual([]);
    });

    test("lengthened again, lets what is made from then on stay longer", async () => {
      await make(YOUNG);
      sandbox.synthesize([[["search", "retentionDays"], 60]]);
      await sandbox.deploySearch(gatewayUrl);
      pass(59);
      expect(await sandbox.domain.runIsm()).toEqual({ deleted: [] });
      pass(1);
      expect(await sandbox.domain.runIsm()).toEqual({ deleted: [YOUNG] });
    });

    function pass(days: number): void {
      sandbox.domain.turnClock(days * DAY_MS);
    }

    async function make(index: string): Promise<void> {
      // One node has no place for copies, which the engine gives to what has no template.
      const { status } = await fetch(`${sandbox.engine.url}/${index}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ settings: { number_of_replicas: 0 } }),
      });
      expect({ index, status }).toEqual({ index, status: 200 });
    }

    /** Everything that is not a plugin's own. */
    async function indices(): Promise<string[]> {
      const response = await fetch(`${sandbox.engine.url}/_cat/indices/*,-.*?h=index&format=json`);
      const rows = (await response.json()) as { index: string }[];
      return rows.map(({ index }) => index).sort();
    }
  });
});
