import { MemoryDomain } from "./memory-domain";
import {
  callsOf,
  checkReply,
  enginesOf,
  expectedStatus,
  faulty,
  recordedSessions,
  SCENARIOS,
  standingBefore,
} from "./provider-sessions";
import { json, settings, testGateway } from "./support";

test("every recorded session is in the table, once", () => {
  expect(SCENARIOS.map(({ name }) => name).sort()).toEqual(recordedSessions().sort());
});

test.each(SCENARIOS)("$name: the table says what is accepted and what is refused", (scenario) => {
  const kinds = new Set(callsOf(scenario).map(({ kind }) => kind));
  if (scenario.wrongToken !== true) expect(kinds).toEqual(new Set([...scenario.accepted, ...scenario.refused]));
});

describe.each(SCENARIOS.flatMap((scenario) => enginesOf(scenario).map((engine) => ({ ...scenario, engine }))))(
  "$name before $engine",
  ({ engine, ...scenario }) => {
    test("is answered as the provider needs it", async () => {
      const memory = new MemoryDomain(engine);
      const calls = callsOf(scenario);
      let imported: unknown;
      const domain = faulty(scenario, (request) =>
        request.path.endsWith("/_import") ? Promise.resolve(json(200, imported)) : memory.reply(request),
      );
      const given = settings({ ENGINE_VERSION: engine });
      const before = testGateway(memory.reply, given);
      for (const ask of standingBefore(calls)) expect(await before.ask(ask)).toMatchObject({ status: 200 });

      for (const call of calls) {
        imported = call.recorded.body;
        // Each on its own, so that one call's waiting does not use up another's time.
        const gateway = testGateway(domain, given);
        const reply = await gateway.ask(call.ask);
        const status = expectedStatus(scenario, call);
        expect([call.title, reply.status]).toEqual([call.title, status]);
        checkReply(call, reply, status);
        if (status === 401 || scenario.refused.includes(call.kind)) expect(gateway.calls).toEqual([]);
      }
    });
  },
);
