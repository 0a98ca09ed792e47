import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Result {
  readonly epochsDone: number;
  readonly updates: number;
  readonly heldOutErrors: Readonly<Record<"ridge" | "lag364" | "lag7" | "model", number>>;
}

describe("the forecast page, as built", () => {
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    execFileSync(process.execPath, ["build.mjs", "demos"], { cwd: root, stdio: "ignore" });
    server = await preview({ root, build: { outDir: "dist/demos" }, logLevel: "error" });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("trains in a worker, forecasts, and says how well", async () => {
    const url = server.resolvedUrls?.local[0] ?? "";
    await page.goto(`${url}forecast/?autorun&quick`);
    await page.waitForSelector('body[data-state="done"], body[data-state="error"]', {
      timeout: 400_000,
    });
    const body = page.locator("body");
    expect(await body.getAttribute("data-state")).toBe("done");
    const result = JSON.parse((await body.getAttribute("data-result")) ?? "{}") as Result;
    expect(result.updates).toBeGreaterThan(0);
    expect(result.epochsDone).toBeGreaterThan(0);
    const { model, lag7, lag364, ridge } = result.heldOutErrors;
    // Even a short training beats the latest known week; the baselines are those of the terminal program.
    expect(model).toBeLessThan(lag7);
    expect([ridge, lag364, lag7].map(Math.round)).toEqual([185, 353, 592]);
    mkdirSync(join(root, "out"), { recursive: true });
    await page.screenshot({ path: join(root, "out/forecast-page.png"), fullPage: true });
    expect(problems).toEqual([]);
  });

  test("draws something in each of its plots", async () => {
    // As text: the page, not the test, has the document.
    const inked: unknown =
      await page.evaluate(`[...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
      return count;
    })`);
    expect(inked).toHaveLength(2);
    for (const count of inked as number[]) expect(count).toBeGreaterThan(1000);
  });
});
