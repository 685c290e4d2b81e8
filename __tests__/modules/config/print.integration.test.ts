import { configurationTable } from "../../../modules/config";
import { npmRun } from "../../support/command";

test("npm run config:table prints the README's table of settings", async () => {
  expect((await npmRun("config:table")).stdout.trim()).toBe(configurationTable().trim());
});
