import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  applySearchStack,
  destroySearchStack,
  planSearchStack,
  type SearchStackOptions,
} from "../../../sandbox/elasticstack";
import { cdkTfJson, csTf, ilmTf, kibTf, mainTf, mapTf, stack, unkTf, verTf } from "./configurations";
import { Player } from "./player";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stand-in-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("first apply, second plan, update in place, destroy", () => {
  it.each(["es7", "os2"])("of every resource, as recorded with %s", async (engine) => {
    await applied(mainTf(), new Player(`apply-${engine}`), ["GET /es/"]);
    await planned(mainTf(), new Player(`plan2-${engine}`), [], ["GET /es/"]);
    const changed = mainTf({ shards: "2", desc: "v2" });
    const updates = await applied(changed, new Player(`update-${engine}`), ["GET /es/"]);
    expect(updates).toEqual([
      { address: "elasticstack_elasticsearch_ingest_pipeline.cwl", action: "update" },
      { address: "elasticstack_elasticsearch_index_template.cwl", action: "update" },
    ]);
    await destroyed(changed, new Player(`destroy-${engine}`), ["GET /es/"]);
    const { changes } = await planSearchStack(given(changed, new Player()));
    expect(changes.map(({ action }) => action)).toEqual(Array(6).fill("create"));
  });

  it.each(["es7-7.10.2", "os2-2.19.1"])("of a stack that cdktf made: %s", async (engine) => {
    const changes = await applied(cdkTfJson(), new Player(`cdktf-apply-${engine}`));
    expect(changes.map(({ address }) => address.replace(/^elasticstack_/, ""))).toEqual([
      "elasticsearch_cluster_settings.cs",
      "elasticsearch_component_template.base",
      "elasticsearch_index_lifecycle.ilm",
      "elasticsearch_ingest_pipeline.pipe",
      "elasticsearch_index_template.cwl",
      "kibana_import_saved_objects.so",
    ]);
  });

  it("of resources whose endpoint was not known before", async () => {
    await applied(unkTf(), new Player("unknown-endpoint-create"));
  });

  it("of a template alone", async () => {
    // The recorded configuration has data sources besides.
    await applied(verTf(), new Player("version-pass-es7"), ["GET /es/", "GET /es/_index_template/v", "GET /es/"]);
    await planned(verTf(), new Player("version-8.15.0-es7"), [], ["GET /es/", "GET /es/_index_template/v", "GET /es/"]);
  });
});

it("a template that was deleted by hand shows in the plan and is made again", async () => {
  await applied(mainTf(), new Player("apply-es7"), ["GET /es/"]);
  const create = { address: "elasticstack_elasticsearch_index_template.cwl", action: "create" };
  await planned(mainTf(), new Player("refresh-deleted-es7"), [create], ["GET /es/"]);
  expect(await applied(mainTf(), new Player("reapply-deleted-es7"), ["GET /es/"])).toEqual([create]);
});

describe("lifecycle policies", () => {
  it("are made, updated and deleted as recorded", async () => {
    await applied(ilmTf(), new Player("ilm-create-8.15.0"));
    await planned(ilmTf(), new Player("ilm-plan"), []);
    const changes = await applied(ilmTf({ age: "60d" }), new Player("ilm-update"));
    expect(changes).toEqual([{ address: "elasticstack_elasticsearch_index_lifecycle.a", action: "update" }]);
  });

  it("of what the engine is too old for are refused, the others are made", async () => {
    const player = new Player("ilm-create-7.10.2");
    await expect(applySearchStack(given(ilmTf(), player))).rejects.toThrow(
      "[max_primary_shard_docs] is not supported in the target Elasticsearch server",
    );
    expect(player.left).toEqual([]);
    expect(state()).toEqual(["elasticstack_elasticsearch_index_lifecycle.plain"]);
  });
});

describe("saved objects", () => {
  it("are imported, imported again when they change, and never deleted", async () => {
    await applied(kibTf(), new Player("import-create"));
    await planned(kibTf(), new Player("import-replan"), []);
    await applied(kibTf({ title: "x-*" }), new Player("import-update"));
    await destroyed(kibTf({ title: "x-*" }), new Player("import-destroy"));
  });

  it("go into a space", async () => {
    await applied(kibTf({ title: "x-*", space: "ops" }), new Player("import-space"));
  });

  it("count as imported if some of them are", async () => {
    await applied(kibTf(), new Player("import-partial"));
  });

  it("of which none is imported are an error", async () => {
    await expect(applySearchStack(given(kibTf(), new Player("import-failed")))).rejects.toThrow(
      /no objects imported successfully.*missing_references/s,
    );
  });

  it("that Kibana refuses are an error", async () => {
    await expect(applySearchStack(given(kibTf(), new Player("import-error-400")))).rejects.toThrow("bad ndjson");
    expect(state()).toEqual([]);
  });
});

it("cluster settings are set, and what is taken out is set to null", async () => {
  const first = csTf(
    {
      "action.auto_create_index": "+cwl-*,-*",
      "cluster.max_shards_per_node": "2000",
      "cluster.routing.allocation.enable": "all",
      "search.default_search_timeout": "60s",
    },
    {
      lists: { "cluster.routing.allocation.awareness.attributes": ["zone"] },
      transient: { "indices.recovery.max_bytes_per_sec": "50mb" },
    },
  );
  for (const engine of ["es7", "os2"]) {
    await applied(first, new Player(`cluster-settings-create-${engine}`));
    await applied(csTf({ "cluster.max_shards_per_node": "3000" }), new Player(`cluster-settings-update-${engine}`));
    rmSync(join(folder, "state.json"));
  }
});

describe("errors while creating", () => {
  it.each([401, 403, 429])("%d is final", async (status) => {
    await failing(mapTf(), new Player(`error-create-${status}`), `injected ${status}`);
    expect(state()).toEqual([]);
  });

  it("503 is tried four times, without a pause", async () => {
    await failing(mapTf(), new Player("error-create-503"), "injected 503");
    await applied(mapTf(), new Player("error-create-503-retried"));
  });

  it("what was written and could not be looked at is not in the state", async () => {
    await failing(mapTf(), new Player("error-create-info-503"), "injected 503");
    expect(state()).toEqual([]);
  });

  it("a server that does not say that it is Elasticsearch is refused, after the write", async () => {
    await failing(mapTf(), new Player("no-product-header"), "this unknown product");
    expect(state()).toEqual([]);
  });

  it("a wrong password is refused", async () => {
    const policy = { name: "x", delete: { min_age: "90d", delete: {} } };
    const one = stack({ elasticsearch_index_lifecycle: { x: policy } });
    await failing(one, new Player("auth-wrong"), "unable to authenticate");
  });
});

describe("errors while refreshing", () => {
  beforeEach(() => applied(mapTf(), new Player("error-create-503-retried")));

  it.each([401, 429, 503])("%d fails, and the state stays", async (status) => {
    await failing(mapTf(), new Player(`error-refresh-${status}`), `injected ${status}`);
    expect(state()).toEqual(["elasticstack_elasticsearch_index_template.m"]);
  });

  it("404 means gone", async () => {
    const create = { address: "elasticstack_elasticsearch_index_template.m", action: "create" };
    await planned(mapTf(), new Player("error-refresh-404"), [create]);
  });

  it("a server that does not say that it is Elasticsearch is refused", async () => {
    await failing(mapTf(), new Player("no-product-header-plan"), "this unknown product");
  });

  it("Elasticsearch's own content type is taken", async () => {
    await planned(mapTf(), new Player("vendor-content-type"), []);
  });
});

it("with a wrong password no resource is refreshed, and all that do not depend on another are tried", async () => {
  await applied(mainTf(), new Player("apply-es7"), ["GET /es/"]);
  const player = new Player("auth-refused-refresh");
  await expect(planSearchStack(given(mainTf(), player))).rejects.toThrow(/(.*unable to authenticate.*\n?){4}/);
  expect(player.left).toEqual(["GET /es/"]);
});

async function applied(stackJson: SearchStackOptions["stackJson"], player: Player, others: readonly string[] = []) {
  const changes = await applySearchStack(given(stackJson, player));
  expect(player.left).toEqual(others);
  return changes;
}

async function planned(
  stackJson: SearchStackOptions["stackJson"],
  player: Player,
  changes: unknown,
  others: readonly string[] = [],
): Promise<void> {
  const before = stateText();
  expect((await planSearchStack(given(stackJson, player))).changes).toEqual(changes);
  expect(player.left).toEqual(others);
  expect(stateText()).toBe(before);
}

async function destroyed(stackJson: SearchStackOptions["stackJson"], player: Player, others: readonly string[] = []) {
  await destroySearchStack(given(stackJson, player));
  expect(player.left).toEqual(others);
  expect(state()).toEqual([]);
}

async function failing(stackJson: SearchStackOptions["stackJson"], player: Player, message: string): Promise<void> {
  await expect(applySearchStack(given(stackJson, player))).rejects.toThrow(message);
  expect(player.left).toEqual([]);
}

function given(stackJson: SearchStackOptions["stackJson"], client: Player): SearchStackOptions {
  return { stackJson, gatewayUrl: Player.url, token: "secret", client, stateFile: join(folder, "state.json") };
}

function stateText(): string {
  return readFileSync(join(folder, "state.json"), "utf8");
}

/** Addresses of what is in the state. */
function state(): string[] {
  return (JSON.parse(stateText()) as { address: string }[]).map(({ address }) => address);
}
