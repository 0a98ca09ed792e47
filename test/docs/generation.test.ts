import * as sl from "sluice";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programOf, runProgram } from "./blocks.ts";

interface Page {
  readonly text: string;
  readonly ids: number[];
  readonly vocabulary: { readonly size: number; decode(ids: number[]): string };
  readonly net: sl.Sequential;
  readonly tiny: sl.Sequential;
  readonly next: number[];
  readonly rows: (number | null)[][];
  readonly tokens: number[];
  readonly history: Readonly<Record<"loss" | "perplexity", readonly number[]>>;
  readonly translator: sl.Model;
  readonly translation: readonly number[];
  readonly both: readonly (number | null)[][];
  readonly Half: new (config: object) => sl.Layer;
}

let page: Page;
let logs: unknown[][];

beforeAll(async () => {
  const ran = await runProgram(programOf("generation.md"));
  page = ran.names as unknown as Page;
  logs = ran.logs;
});
afterAll(() => {
  for (const one of [page.net, page.tiny, page.translator]) one.dispose();
});

describe("the program of the page", () => {
  test("writes what it has learned", () => {
    const [[written = ""] = [], , [best = "", score = 0] = [], [words = []] = []] = logs;
    expect(page.text).toContain(written);
    expect(String(written)).toHaveLength(65);
    expect(page.text).toContain(`peter${best}`);
    expect(Number(score)).toBeGreaterThan(-0.5);
    expect(words).toContain("ter");
    for (const word of words as string[]) expect(word).not.toMatch(/[ .]/);
  });

  test("gives ids, rows of a batch, and more tokens than a Transformer has positions", () => {
    for (const list of [page.next, page.tokens]) {
      expect(list.every((id) => Number.isInteger(id) && id < page.vocabulary.size)).toBe(true);
    }
    expect(page.next).toHaveLength(10);
    expect(page.rows.map((row) => row.length)).toEqual(new Array(10).fill(2));
    expect(page.tokens).toHaveLength(40);
  });

  test("measures perplexity in training", () => {
    const { loss, perplexity } = page.history;
    expect(perplexity.at(-1)).toBeLessThan(2);
    expect(perplexity.at(-1)).toBeCloseTo(Math.exp(loss.at(-1) ?? 0), 3);
  });

  test("translates beside an encoder, alone, in a batch, and by beams", () => {
    const [, [translation, , likeliest] = []] = logs;
    expect(translation).toEqual(page.translation);
    expect(page.translation.length).toBeLessThanOrEqual(7);
    expect(page.both).toHaveLength(7);
    expect(page.both.every((row) => row.length === 2)).toBe(true);
    for (const id of [...page.translation, ...page.both.flat(), ...(likeliest as number[])]) {
      expect(id).toBeGreaterThanOrEqual(0);
      expect(id).toBeLessThan(12);
    }
  });

  test("a layer that says so runs step by step", async () => {
    const half = new page.Half({});
    expect(half).toMatchObject({ runsStepByStep: true });
    expect(await (half.apply(sl.tensor([4])) as sl.Tensor).array()).toEqual([2]);
  });
});
