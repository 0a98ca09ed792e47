import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../helpers/browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pictures = join(root, "out");
const TRAINING_MS = 400_000;

interface Result {
  readonly adapter: string;
  readonly epochsDone: number;
  readonly updates: number;
  readonly msPerStep: number;
  readonly trainingError: number;
  readonly validationError: number;
  readonly heldOutErrors: Readonly<Record<"ridge" | "lag364" | "lag7" | "model", number>>;
}

describe("the forecast page, as built", () => {
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  let site = "";
  const problems: string[] = [];

  beforeAll(async () => {
    execFileSync(process.execPath, ["build.mjs", "demos"], { cwd: root, stdio: "ignore" });
    server = await preview({
      configFile: false,
      root,
      build: { outDir: "dist/demos" },
      logLevel: "error",
    });
    site = server.resolvedUrls?.local[0] ?? "";
    mkdirSync(pictures, { recursive: true });
    browser = await launchBrowser();
    page = await openPage(browser, { site, problems });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("trains in a worker, forecasts, and says how well", async () => {
    await page.goto(`${site}forecast/?autorun&quick`);
    expect(await reach(page, "done", "error")).toBe("done");
    const result = await resultOf(page);
    expect(result.adapter).toMatch(/swiftshader/i);
    // Two epochs of 3599 windows in batches of 16.
    expect([result.epochsDone, result.updates]).toEqual([2, 450]);
    expect(result.msPerStep).toBeGreaterThan(0);
    const { model, lag7, lag364, ridge } = result.heldOutErrors;
    // Even a short training beats both seasonal forecasts; the baselines are those of the terminal
    // program.
    expect(model).toBeLessThan(lag364);
    expect(model).toBeGreaterThan(100);
    expect([ridge, lag364, lag7].map(Math.round)).toEqual([185, 353, 592]);
    expect(result.trainingError).toBeLessThan(lag364);
    expect(result.validationError).toBeLessThan(lag364);
    expect(await page.locator("#errors .is-model .value").textContent()).toBe(model.toFixed(0));
    await page.screenshot({ path: join(pictures, "forecast-page.png"), fullPage: true });
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

  test("stops when asked, and trains again", async () => {
    await page.getByLabel("Epochs").fill("200");
    await page.getByLabel("Layer").selectOption("gru");
    await page.getByRole("button", { name: "Train" }).click();
    await page.waitForSelector('body[data-result*="msPerStep"]', { timeout: TRAINING_MS });
    expect(await page.getAttribute("body", "data-state")).toBe("running");
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await reach(page, "ready", "done", "error")).toBe("ready");
    expect(await page.locator("#status").textContent()).toMatch(/^Stopped\./);

    await page.getByLabel("Epochs").fill("1");
    await page.getByRole("button", { name: "Train" }).click();
    expect(await reach(page, "done", "error")).toBe("done");
    expect((await resultOf(page)).epochsDone).toBe(1);
    expect(problems).toEqual([]);
  });

  test("is readable on a small, dark screen", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(pictures, "forecast-page-small.png"), fullPage: true });
    const widths = await page.evaluate(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    expect(widths).toEqual([390, 390]);
  });

  test("explains what to do where there is no WebGPU", async () => {
    const plain = await launchBrowser({ hasWebGpu: false });
    try {
      const bare = await openPage(plain, { site, problems });
      await bare.goto(`${site}forecast/?autorun`);
      expect(await reach(bare, "ready", "done", "error")).toBe("error");
      const advice = bare.getByRole("alert");
      expect(await advice.textContent()).toMatch(/no WebGPU.*Chrome and Edge/s);
      expect(await bare.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
      // What needs no GPU is there all the same.
      await bare.getByRole("rowheader", { name: "Ridge regression" }).waitFor();
      expect(await bare.getAttribute("body", "data-state")).toBe("error");
      await bare.screenshot({ path: join(pictures, "forecast-page-no-webgpu.png") });
    } finally {
      await plain.close();
    }
    expect(problems).toEqual([]);
  });

  test("has a front page that leads here", async () => {
    await page.goto(site);
    await page.getByRole("link", { name: "Forecast" }).click();
    expect(await reach(page, "ready", "error")).toBe("ready");
    expect(problems).toEqual([]);
  });
});

/** A page; errors, and requests that leave the site, are noted as problems. */
async function openPage(
  browser: Browser,
  { site, problems }: { site: string; problems: string[] },
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(site) && !url.startsWith("data:")) problems.push(`request to ${url}`);
  });
  return page;
}

/** Waits until the page is in one of these states, and gives it. */
async function reach(page: Page, ...states: readonly string[]): Promise<string | null> {
  const selector = states.map((state) => `body[data-state="${state}"]`).join();
  await page.waitForSelector(selector, { timeout: TRAINING_MS });
  return page.getAttribute("body", "data-state");
}

async function resultOf(page: Page): Promise<Result> {
  return JSON.parse((await page.getAttribute("body", "data-result")) ?? "{}") as Result;
}
