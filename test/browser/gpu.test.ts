import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestPage, type TestPage } from "../helpers/browser.ts";

describe("in a browser", () => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openTestPage();
  });
  afterAll(() => page?.close());

  test("computes on navigator.gpu and reads back", async () => {
    expect(await page.call("test/browser/gpu.page.ts", "double", [1, -2, 0.5])).toEqual({
      adapterName: expect.stringMatching(/swiftshader/i),
      alignment: 256,
      result: [2, -4, 1],
    });
    expect(page.problems).toEqual([]);
  });

  test("names the place of a shader error", async () => {
    expect(await page.call("test/browser/gpu.page.ts", "compileError")).toMatch(
      /^GpuError: Kernel broken does not compile:\n2:21 error: unresolved/,
    );
  });
});
