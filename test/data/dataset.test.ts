import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { array, type Dataset, func, generator, zip } from "../../src/data/index.ts";
import { ArgumentError, SluiceError } from "../../src/errors.ts";
import { setSeed } from "../../src/tensor/index.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (values: number[]): number[] => values.toSorted((a, b) => a - b);

/** A source that counts how many of its passes are open and how many elements were asked for. */
function counted(count: number): {
  dataset: Dataset<number>;
  open: () => number;
  read: () => number;
} {
  let open = 0;
  let read = 0;
  const dataset = generator(async function* () {
    open++;
    try {
      for (let i = 0; i < count; i++) {
        read++;
        yield i;
      }
    } finally {
      open--;
    }
  });
  return { dataset, open: () => open, read: () => read };
}

describe("dataset", () => {
  test("elements of arrays, generators and functions", async () => {
    expect(await array([3, 1, 2]).toArray()).toEqual([3, 1, 2]);
    expect(await array(Float32Array.of(1.5, 2)).toArray()).toEqual([1.5, 2]);
    expect(await generator(() => [1, 2]).toArray()).toEqual([1, 2]);
    expect(await generator(async () => upTo(3).values()).toArray()).toEqual([0, 1, 2]);
    let calls = 0;
    expect(
      await func(async () => calls++)
        .take(3)
        .toArray(),
    ).toEqual([0, 1, 2]);
    expect(calls).toBe(3);
  });

  test("map, mapAsync, filter, take, skip, repeat and concatenate do as lists do", async () => {
    const numbers = array(upTo(10));
    const even = numbers.filter((i) => i % 2 === 0).map((i) => i * 10);
    expect(await even.toArray()).toEqual([0, 20, 40, 60, 80]);
    expect(
      await numbers
        .mapAsync(async (i) => `${i}`)
        .take(2)
        .toArray(),
    ).toEqual(["0", "1"]);
    expect(await numbers.skip(7).repeat(2).toArray()).toEqual([7, 8, 9, 7, 8, 9]);
    expect(
      await numbers
        .take(2)
        .concatenate(array([9]))
        .toArray(),
    ).toEqual([0, 1, 9]);
    expect(await numbers.skip(20).toArray()).toEqual([]);
    expect(await numbers.skip().toArray()).toEqual([]);
    expect(await numbers.take(-1).toArray()).toEqual(upTo(10));
    expect(await numbers.repeat().take(23).toArray()).toHaveLength(23);
    expect(
      await array<number>([])
        .repeat()
        .toArray()
        .catch((e) => e),
    ).toEqual([]);
    const seen: number[] = [];
    await numbers.forEachAsync((i) => void seen.push(i));
    expect(seen).toEqual(upTo(10));
    const iterator = await numbers.iterator();
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
  });

  test("sizes are known where they can be", () => {
    const ten = array(upTo(10));
    const unknown = generator(() => upTo(3));
    const sizes = [
      ...[ten, ten.batch(4), ten.batch(4, false), ten.take(3), ten.take(30), ten.skip(4)],
      ...[ten.skip(40), ten.skip(), ten.repeat(3), ten.repeat(), ten.repeat(0), ten.map(String)],
      ...[ten.shuffle(3), ten.prefetch(2), ten.filter(() => true), ten.concatenate(ten), unknown],
      ...[
        unknown.batch(2),
        unknown.take(2),
        unknown.repeat(0),
        func(() => 1),
        func(() => 1).batch(3),
      ],
      ...[zip([ten, ten.take(4)]), zip([ten, unknown]), array([]).repeat(), func(() => 1).take(5)],
    ].map((dataset) => dataset.size);
    expect(sizes).toEqual([
      ...[10, 3, 2, 3, 10, 6],
      ...[0, 0, 30, Infinity, 0, 10],
      ...[10, 10, null, 20, null],
      ...[null, null, 0, Infinity, Infinity],
      ...[4, null, 0, 5],
    ]);
  });

  test("zip keeps the structure and ends with the shortest", async () => {
    const zipped = zip({
      xs: [array([1, 2, 3]), array(["a", "b"])],
      ys: { label: array([true, false]) },
    });
    expect(await zipped.toArray()).toEqual([
      { xs: [1, "a"], ys: { label: true } },
      { xs: [2, "b"], ys: { label: false } },
    ]);
  });

  test("every pass reads the source anew", async () => {
    const { dataset, read } = counted(4);
    expect(await dataset.toArray()).toEqual(await dataset.toArray());
    expect(read()).toBe(8);
  });
});

describe("shuffle", () => {
  test("is a permutation for any size of the buffer, and the same for the same seed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40),
        fc.integer({ min: 1, max: 50 }),
        fc.integer(),
        async (n, size, seed) => {
          const shuffle = (): Promise<number[]> => array(upTo(n)).shuffle(size, seed).toArray();
          const once = await shuffle();
          expect(sorted(once)).toEqual(upTo(n));
          expect(await shuffle()).toEqual(once);
          // An element waits in the buffer at least until it is full: it comes at most size - 1 places early.
          const early = once.map((value, place) => value - place);
          expect(Math.max(0, ...early)).toBeLessThan(size);
        },
      ),
      { seed: 20, numRuns: 60 },
    );
  });

  test("passes differ unless that is turned off, and repeat with the seed", async () => {
    const numbers = array(upTo(20));
    const passes = async (dataset: Dataset<number>): Promise<number[][]> => [
      await dataset.toArray(),
      await dataset.toArray(),
    ];
    const [first, second] = await passes(numbers.shuffle(20, 5));
    expect(first).not.toEqual(second);
    expect(await passes(numbers.shuffle(20, 5))).toEqual([first, second]);
    const [same, again] = await passes(numbers.shuffle(20, 5, false));
    expect(same).toEqual(again);
    expect(same).toEqual(first);
    setSeed(3);
    const byLibrary = await numbers.shuffle(20).toArray();
    setSeed(3);
    expect(await numbers.shuffle(20).toArray()).toEqual(byLibrary);
  });

  test("a buffer as large as the data makes every order equally likely", async () => {
    // 24 orders of 4 elements in 4,800 draws: χ² with 23 degrees of freedom is below 49.7 with probability 0.999.
    const counts = new Map<string, number>();
    const dataset = array([0, 1, 2, 3]).shuffle(4, 11);
    for (let i = 0; i < 4800; i++) {
      const order = (await dataset.toArray()).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(counts.size).toBe(24);
    expect(chi).toBeLessThan(49.7);
  });

  test("holds no more than the buffer", async () => {
    const { dataset, read } = counted(100);
    const iterator = await dataset.shuffle(7, 1).iterator();
    await iterator.next();
    expect(read()).toBe(7);
    await iterator.return?.();
  });
});

describe("back-pressure", () => {
  test("nothing is read before somebody asks, nor ahead", async () => {
    const { dataset, read } = counted(100);
    const chain = dataset
      .map((i) => i + 1)
      .filter(() => true)
      .batch(3);
    expect(read()).toBe(0);
    const iterator = await chain.iterator();
    expect(read()).toBe(0);
    await iterator.next();
    expect(read()).toBe(3);
    await iterator.return?.();
  });

  test("prefetch keeps n pending, and the source works while the consumer waits", async () => {
    const { dataset, read } = counted(100);
    const iterator = await dataset.prefetch(4).iterator();
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(read()).toBe(5);
    await iterator.return?.();
    expect(await dataset.prefetch(4).toArray()).toEqual(upTo(100));
  });

  test("prefetch behind mapAsync runs that many calls at once, in order", async () => {
    let running = 0;
    let most = 0;
    const slow = async (i: number): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 4 - (i % 4)));
      running--;
      return i;
    };
    expect(await array(upTo(12)).mapAsync(slow).prefetch(4).toArray()).toEqual(upTo(12));
    expect(most).toBe(4);
    most = 0;
    expect(await array(upTo(4)).mapAsync(slow).toArray()).toEqual(upTo(4));
    expect(most).toBe(1);
  });
});

describe("ending early", () => {
  const chains: [string, (source: Dataset<number>) => Dataset<unknown>][] = [
    ["map", (source) => source.map((i) => i)],
    ["mapAsync", (source) => source.mapAsync(async (i) => i)],
    ["filter", (source) => source.filter(() => true)],
    ["batch", (source) => source.batch(2)],
    ["shuffle", (source) => source.shuffle(3, 1)],
    ["skip", (source) => source.skip(2)],
    ["repeat", (source) => source.repeat()],
    ["concatenate", (source) => source.take(2).concatenate(source)],
    ["prefetch", (source) => source.prefetch(3)],
    ["zip", (source) => zip([source, source])],
    [
      "all of them",
      (source) =>
        zip([source.shuffle(4, 1).mapAsync(async (i) => i)])
          .prefetch(2)
          .batch(2),
    ],
  ];

  test.each(chains)("closes the source behind %s", async (_name, chain) => {
    const { dataset, open } = counted(50);
    let seen = 0;
    for await (const _ of chain(dataset)) if (++seen === 4) break;
    expect(seen).toBe(4);
    expect(open()).toBe(0);
  });

  test.each(chains)("a consumer that throws closes the source behind %s", async (_name, chain) => {
    const { dataset, open } = counted(50);
    const consume = chain(dataset).forEachAsync(() => {
      throw new Error("enough");
    });
    await expect(consume).rejects.toThrow("enough");
    expect(open()).toBe(0);
  });

  test("take closes it after the last element, and zip when one side ends or throws", async () => {
    const { dataset, open, read } = counted(50);
    expect(await dataset.take(3).toArray()).toEqual([0, 1, 2]);
    expect([open(), read()]).toEqual([0, 3]);
    expect(await zip([dataset, array([1])]).toArray()).toEqual([[0, 1]]);
    expect(open()).toBe(0);
    const broken = generator<number>(() => {
      throw new Error("no");
    });
    await expect(zip([dataset, broken]).toArray()).rejects.toThrow("after 0 elements: no");
    expect(open()).toBe(0);
  });

  test("a transform that throws closes the source", async () => {
    const { dataset, open } = counted(50);
    const fail = (): never => {
      throw new Error("bad row");
    };
    await expect(dataset.map(fail).toArray()).rejects.toThrow("bad row");
    await expect(dataset.filter(fail).toArray()).rejects.toThrow("bad row");
    await expect(
      dataset
        .mapAsync(async () => fail())
        .prefetch(3)
        .toArray(),
    ).rejects.toThrow("bad row");
    expect(open()).toBe(0);
    await expect(dataset.mapAsync(async () => fail()).toArray()).rejects.toThrow("bad row");
    expect(open()).toBe(0);
  });
});

describe("errors", () => {
  test("of generators say after how many elements, and keep the cause", async () => {
    const cause = new Error("disk on fire");
    const broken = generator(function* () {
      for (let i = 0; i < 57; i++) yield i;
      throw cause;
    });
    const seen: number[] = [];
    const failure: unknown = await broken
      .prefetch(5)
      .forEachAsync((i) => void seen.push(i))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SluiceError);
    expect((failure as SluiceError).message).toBe(
      "data.generator: the generator threw after 57 elements: disk on fire",
    );
    expect((failure as SluiceError).cause).toBe(cause);
    expect((failure as SluiceError).details).toEqual({ elements: 57 });
    expect(seen).toEqual(upTo(57));
  });

  const wrong: [string, () => unknown, string][] = [
    ["array of no list", () => array(3 as never), "data.array: received 3"],
    [
      "generator of an iterator",
      () => generator(upTo(3).values() as never),
      "call data.generator(f), not",
    ],
    ["func of nothing", () => func(undefined as never), "data.func: received undefined"],
    ["zip of arrays", () => zip({ xs: [1, 2] } as never), "data.zip: received 1"],
    ["zip of nothing", () => zip([]), "at least one"],
    ["batches of 0", () => array([1]).batch(0), "batchSize is 0. Expected a whole number from 1"],
    ["a buffer of 1.5", () => array([1]).shuffle(1.5), "bufferSize is 1.5"],
    ["a seed of half", () => array([1]).shuffle(2, 0.5), "seed is 0.5"],
    ["pass of -1", () => array([1]).pass(-1), "Dataset.pass: pass is -1"],
    ["pass of 0.5", () => array([1]).pass(0.5), "Dataset.pass: pass is 0.5"],
    ["take of -2", () => array([1]).take(-2), "Dataset.take: count is -2"],
    ["prefetch of nothing", () => array([1]).prefetch(0), "Dataset.prefetch: count is 0"],
    ["map of no function", () => array([1]).map("x" as never), 'Dataset.map: received "x"'],
    ["concatenate of a list", () => array([1]).concatenate([2] as never), "received a list of 1"],
  ];

  test.each(wrong)("%s", (_what, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  test("reading without end, and generators that give no iterator", async () => {
    await expect(func(() => 1).toArray()).rejects.toThrow("take(n).toArray()");
    await expect(generator(() => 3 as never).toArray()).rejects.toThrow("the function gave 3");
    const odd = { next: () => undefined };
    await expect(generator(() => odd as never).toArray()).rejects.toThrow("next() gave undefined");
  });
});
