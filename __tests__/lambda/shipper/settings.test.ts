import { readSettings } from "../../../lambda/shipper/settings";

const COMPLETE = {
  SEARCH_ENDPOINT: "search.example:9200",
  SEARCH_REGION: "eu-west-1",
  DEAD_LETTER_BUCKET: "dead-letters",
  DEAD_LETTER_PREFIX: "111122223333/",
  OWNER_NAMES: '{"111122223333":"production"}',
  MAX_RECORD_AGE_DAYS: "1095",
};

describe("settings", () => {
  test("are read from the environment", () => {
    expect(readSettings(COMPLETE)).toEqual({
      searchEndpoint: "search.example:9200",
      searchRegion: "eu-west-1",
      deadLetterBucket: "dead-letters",
      deadLetterPrefix: "111122223333/",
      ownerNames: new Map([["111122223333", "production"]]),
      maxRecordAgeDays: 1095,
      maxBodyBytes: 5 * 1024 * 1024,
      s3Endpoint: undefined,
    });
  });

  test("take S3's own endpoint before that of all services", () => {
    const both = { ...COMPLETE, AWS_ENDPOINT_URL: "https://all", AWS_ENDPOINT_URL_S3: "https://s3" };
    expect(readSettings(both).s3Endpoint).toBe("https://s3");
  });

  test("name everything that is missing, at once", () => {
    for (const name of Object.keys(COMPLETE)) expect(() => readSettings({})).toThrow(`${name} is not set`);
  });

  test.each([
    ["MAX_RECORD_AGE_DAYS", "many", "MAX_RECORD_AGE_DAYS is no positive number"],
    ["MAX_BODY_BYTES", "-1", "MAX_BODY_BYTES is no positive number"],
    ["OWNER_NAMES", "{", "OWNER_NAMES is no JSON object"],
    ["OWNER_NAMES", "5", "OWNER_NAMES is no JSON object"],
    ["OWNER_NAMES", '{"1":2}', "OWNER_NAMES is no JSON object"],
  ])("%s=%s is not right", (name, value, problem) => {
    expect(() => readSettings({ ...COMPLETE, [name]: value })).toThrow(problem);
  });
});
