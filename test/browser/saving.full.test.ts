import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestPage, type TestPage } from "../helpers/browser.ts";

describe("a model in a browser", () => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openTestPage();
  });
  afterAll(() => page?.close());

  test.each(["indexeddb://forecast", "opfs://models/forecast"])(
    "is saved to %s, loaded, and trains on to the same bits",
    async (target) => {
      const { one, other, url } = (await page.call(
        "test/browser/saving.page.ts",
        "goOn",
        target,
      )) as {
        one: number[];
        other: number[];
        url: string;
      };
      expect(one).toHaveLength(12);
      expect(new Set(one).size).toBe(12);
      expect(other).toEqual(one);
      expect(url).toContain(target);
      expect(page.problems).toEqual([]);
    },
  );
});
