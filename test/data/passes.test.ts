import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { array, type Dataset, generator, windows, zip } from "../../src/data/index.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("pass of a dataset", () => {
  /** A source whose elements tell the pass they come from. */
  const told = (count: number): Dataset<string> =>
    generator((pass) => upTo(count).map((i) => `${pass}.${i}`));

  const stages: [string, (source: Dataset<string>) => Dataset<unknown>][] = [
    ["the source itself", (source) => source],
    ["map", (source) => source.map((text) => `${text}!`)],
    ["mapAsync", (source) => source.mapAsync(async (text) => `${text}!`)],
    ["filter", (source) => source.filter((text) => !text.endsWith("3"))],
    [
      "batch",
      (source) =>
        source
          .map(Number)
          .batch(4)
          .map((batch) => batch.array()),
    ],
    ["take", (source) => source.take(5)],
    ["skip", (source) => source.skip(2)],
    ["repeat", (source) => source.repeat(3)],
    ["repeat without end", (source) => source.repeat().take(12)],
    ["concatenate", (source) => source.concatenate(told(2))],
    ["prefetch", (source) => source.prefetch(3)],
    ["zip", (source) => zip({ left: source, right: [told(9), source.shuffle(4, 2)] })],
    ["shuffle", (source) => source.shuffle(5, 3)],
    ["shuffle of one order", (source) => source.shuffle(5, 3, false)],
    ["two shuffles", (source) => source.shuffle(4, 1).repeat(2).shuffle(3, 2)],
  ];

  /** All elements, of which some may be promises. */
  async function elementsOf(source: AsyncIterable<unknown>): Promise<unknown[]> {
    const values: unknown[] = [];
    for await (const value of source) values.push(await value);
    return values;
  }

  test.each(stages)("of %s is what the iteration of that number gives", async (_name, make) => {
    const iterated = make(told(7));
    const passes: unknown[][] = [];
    for (let i = 0; i < 4; i++) passes.push(await elementsOf(iterated));
    expect(new Set(passes.map((pass) => JSON.stringify(pass))).size).toBe(4);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (numbers, isMixed) => {
          const dataset = make(told(7));
          for (const number of numbers) {
            expect(await elementsOf(dataset.pass(number))).toEqual(passes[number]);
            if (isMixed) for await (const _ of dataset) break;
          }
        },
      ),
      { seed: 31, numRuns: 15 },
    );
    // Those of given numbers were no iterations.
    const fresh = make(told(7));
    await elementsOf(fresh.pass(2));
    expect(await elementsOf(fresh)).toEqual(passes[0]);
    expect(await elementsOf(fresh)).toEqual(passes[1]);
  });

  test("of shuffled windows", async () => {
    const make = (): Dataset<unknown> =>
      windows(upTo(30), { size: 2 })
        .batches({ batchSize: 8, shuffle: true, seed: 6 })
        .map(({ xs, ys }) => Promise.all([xs.array(), ys.array()]));
    const iterated = make();
    const passes: unknown[][] = [];
    for (let i = 0; i < 3; i++) passes.push(await elementsOf(iterated));
    expect(passes[0]).not.toEqual(passes[1]);
    for (const number of [2, 0, 1, 1]) {
      expect(await elementsOf(make().pass(number))).toEqual(passes[number]);
      expect(await elementsOf(iterated.pass(number))).toEqual(passes[number]);
    }
  });

  test("can be read twice, and before the others have ended", async () => {
    const dataset = array(upTo(20)).shuffle(20, 5);
    const second = dataset.pass(1);
    const begun = await dataset.iterator();
    await begun.next();
    const once = await elementsOf(second);
    expect(await elementsOf(second)).toEqual(once);
    await begun.return?.();
    expect(await dataset.toArray()).toEqual(once);
  });

  test("of repeat is its share of the source's passes", async () => {
    const rounds = async (dataset: Dataset<string>, pass: number): Promise<unknown[]> =>
      (await elementsOf(dataset.pass(pass))).map((text) => Number.parseInt(String(text), 10));
    expect(await rounds(told(1).repeat(3), 0)).toEqual([0, 1, 2]);
    expect(await rounds(told(1).repeat(3), 4)).toEqual([12, 13, 14]);
    expect(await rounds(told(1).repeat(3).repeat(2), 1)).toEqual([6, 7, 8, 9, 10, 11]);
    expect(await rounds(told(1).repeat().take(3), 4)).toEqual([4, 5, 6]);
  });

  test("what comes from one shuffled dataset stays side by side", async () => {
    const rows = array(upTo(30)).shuffle(30, 4);
    await rows.toArray();
    const pairs = zip([rows.map((i) => i), rows.map((i) => 2 * i)]);
    for (const pass of [0, 1]) {
      const values = await elementsOf(pairs.pass(pass));
      expect(values).toHaveLength(30);
      for (const [one, twice] of values as [number, number][]) expect(twice).toBe(2 * one);
    }
  });
});
