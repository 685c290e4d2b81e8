import { deployedEndpoint } from "../../../lambda/gateway/local";

const mockTerraform = jest.fn();
jest.mock<object>("node:child_process", () => ({
  ...jest.requireActual<object>("node:child_process"),
  execFileSync: (...args: unknown[]) => mockTerraform(...args) as unknown,
}));

test("the domain's address is the domain stack's output", () => {
  mockTerraform.mockReturnValueOnce("search-cloudtrail.example.com\n");
  expect(deployedEndpoint()).toBe("search-cloudtrail.example.com");
  expect(mockTerraform).toHaveBeenCalledWith(
    "terraform",
    [expect.stringMatching(/^-chdir=cdktf\.out.stacks.domain$/), "output", "-raw", "search_endpoint"],
    expect.anything(),
  );
});

test("a domain that is not deployed is said, with what to do", () => {
  mockTerraform.mockImplementationOnce(() => {
    throw new Error("No outputs found");
  });
  expect(() => deployedEndpoint()).toThrow(/deploy the stack `domain` first.*or set SEARCH_ENDPOINT/);
});
