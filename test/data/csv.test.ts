import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type CsvConfig, type CsvSource, csv } from "../../src/data/index.ts";
import { ArgumentError, FormatError, StoreError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-csv-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes of a text in pieces of one size; counts the streams that are open. */
function pieces(
  text: string,
  size: number,
): { source: () => AsyncIterable<Uint8Array>; open: () => number } {
  const bytes = new TextEncoder().encode(text);
  let open = 0;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    open++;
    try {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    } finally {
      open--;
    }
  };
  return { source, open: () => open };
}

const rowsOf = (source: CsvSource, config?: CsvConfig): Promise<unknown[]> =>
  csv(source, config).toArray();

/** Quotes where they are needed, or everywhere. */
function write(rows: readonly (readonly string[])[], newline: string, always: boolean): string {
  const field = (text: string): string =>
    always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => row.map(field).join(",")).join(newline);
}

describe("csv", () => {
  test("elements by column, numbers where the text is one", async () => {
    const text = 'day,"load, MW",note\n1,3.5,fine\n2,,"a ""b"""\n-1e3,0x10, x \n';
    expect(await rowsOf({ text })).toEqual([
      { day: 1, "load, MW": 3.5, note: "fine" },
      { day: 2, "load, MW": undefined, note: 'a "b"' },
      { day: -1000, "load, MW": 16, note: " x " },
    ]);
  });

  test("labels make { xs, ys }, which batch takes", async () => {
    const text = "a,b,y\n1,2,3\n4,5,6\n";
    const rows = csv({ text }, { columnConfigs: { y: { isLabel: true } } });
    expect(await rows.toArray()).toEqual([
      { xs: { a: 1, b: 2 }, ys: { y: 3 } },
      { xs: { a: 4, b: 5 }, ys: { y: 6 } },
    ]);
    expect(await rows.columnNames()).toEqual(["a", "b", "y"]);
    expect(rows.size).toBeNull();
    const pairs = rows.map(({ xs, ys }) => ({ xs: Object.values(xs), ys: Object.values(ys) }));
    const [batch] = await pairs.batch(2).toArray();
    expect(await batch?.xs.array()).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  test("columns as they are configured", async () => {
    const text = "f,i,b,s,d\n1.5,2.7,True,007,\nnan,-2.5,0,,7\n";
    const columnConfigs = {
      f: { dtype: "float32" },
      i: { dtype: "int32" },
      b: { dtype: "bool" },
      s: { dtype: "string", default: "none" },
      d: { default: 4, required: true },
    } as const;
    expect(await rowsOf({ text }, { columnConfigs })).toEqual([
      { f: 1.5, i: 2, b: 1, s: "007", d: 4 },
      { f: Number.NaN, i: -3, b: 0, s: "none", d: 7 },
    ]);
    const only = csv({ text }, { columnConfigs: { i: {}, b: {} }, configuredColumnsOnly: true });
    expect(await only.columnNames()).toEqual(["i", "b"]);
    expect(await only.take(1).toArray()).toEqual([{ i: 2.7, b: "True" }]);
  });

  test("names in place of a header, or without one; other delimiters and line ends", async () => {
    const names = { columnNames: ["p", "q"] };
    expect(await rowsOf({ text: "a;b\r\n1;2" }, { ...names, delimiter: ";" })).toEqual([
      { p: 1, q: 2 },
    ]);
    expect(
      await rowsOf({ text: "1\t2\r3\t4\r" }, { ...names, delimiter: "\t", hasHeader: false }),
    ).toEqual([
      { p: 1, q: 2 },
      { p: 3, q: 4 },
    ]);
    expect(await rowsOf({ text: "\n \na,b\n\n1,2\n\n\n" })).toEqual([{ a: 1, b: 2 }]);
    expect(await rowsOf({ text: "a,b" })).toEqual([]);
    expect(await rowsOf({ text: '"q""\nx",b\r\n1,y\r\n' })).toEqual([{ 'q"\nx': 1, b: "y" }]);
    expect(await rowsOf({ text: "__proto__,b\n1,2\n" })).toEqual([
      Object.fromEntries([
        ["__proto__", 1],
        ["b", 2],
      ]),
    ]);
  });

  test("reads paths, file URLs, fetched URLs, blobs, files, streams and text", async () => {
    const text = "\ufeffa,b\n1,ä\n";
    const path = join(folder, "small.csv");
    writeFileSync(path, text);
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/none" ? 404 : 200;
      response.end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sources: CsvSource[] = [
      ...[
        path,
        pathToFileURL(path),
        pathToFileURL(path).href,
        `${address}/a.csv`,
        new URL(address),
      ],
      ...[new Blob([text]), new File([text], "x.csv"), { text }, () => new Blob([text]).stream()],
      ...["data:text/csv;charset=utf-8,a,b%0A1,%C3%A4", async () => pieces(text, 2).source()],
    ];
    for (const source of sources) expect(await rowsOf(source)).toEqual([{ a: 1, b: "ä" }]);
    await expect(rowsOf(`${address}/none`)).rejects.toThrow("answered 404");
    await expect(rowsOf(`${address}/none`)).rejects.toThrow(StoreError);
    await expect(rowsOf("no/such/file.csv")).rejects.toThrow(StoreError);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(rowsOf(`${address}/gone`)).rejects.toThrow("cannot be fetched");
    await expect(rowsOf(`${address}/gone`)).rejects.toThrow(StoreError);
    await expect(rowsOf(join(folder, "none.csv"))).rejects.toThrow("ENOENT");
    const latin = new Blob([Uint8Array.of(0x61, 0x0a, 0xe4, 0x0a)]);
    expect(await rowsOf(latin, { encoding: "windows-1252" })).toEqual([{ a: "ä" }]);
  });
});

describe("streaming", () => {
  const text = `naïve,"two\r\nlines","q""q"\r\n"日本, 語","a\r\nb\r\n\r\n",""""\r\n${'é,"😀\r\n😀 ""x"", y",""\r\n"","\r\n","z"'}`;
  const expected = [
    { naïve: "日本, 語", "two\r\nlines": "a\r\nb\r\n\r\n", 'q"q': '"' },
    { naïve: "é", "two\r\nlines": '😀\r\n😀 "x", y', 'q"q': undefined },
    { naïve: undefined, "two\r\nlines": undefined, 'q"q': "z" },
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 1000])("pieces of %i bytes", async (size) => {
    expect(await rowsOf(pieces(text, size).source)).toEqual(expected);
  });

  test("gives back what a writer wrote, in pieces of any size", async () => {
    const field = fc.oneof(
      fc.constantFrom("", "a", '"', '""', ",", "\n", "\r\n", " ", "ü", "😀", "1.5"),
      fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é", "7") }),
    );
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 6 }),
      );
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom("\n", "\r\n"),
        async (content, size, newline) => {
          const names = (content[0] ?? [""]).map((_, i) => `c${i}`);
          const columnConfigs = Object.fromEntries(
            names.map((name) => [name, { dtype: "string", default: "" } as const]),
          );
          const csvText = write([names, ...content], newline, true);
          const read = await rowsOf(pieces(csvText, size).source, { columnConfigs });
          const whole = content.map((row) =>
            Object.fromEntries(names.map((name, i) => [name, row[i]])),
          );
          // A line with nothing but spaces in its only field counts as blank.
          expect(read).toEqual(whole.filter((row) => names.length > 1 || row.c0?.trim() !== ""));
        },
      ),
      { seed: 17, numRuns: 200 },
    );
  });

  test("a pass that stops early closes the stream, or the file", async () => {
    const long = `a\n${"1\n".repeat(50_000)}`;
    const { source, open } = pieces(long, 100);
    for await (const _ of csv(source)) break;
    expect(open()).toBe(0);
    expect(await csv(source).columnNames()).toEqual(["a"]);
    expect(open()).toBe(0);
    const cancelled: unknown[] = [];
    const stream = (): ReadableStream<string> =>
      new ReadableStream({
        pull: (controller) => controller.enqueue("a\n1\n"),
        cancel: () => void cancelled.push(true),
      });
    expect(await csv(stream).take(1).toArray()).toEqual([{ a: 1 }]);
    expect(cancelled).toEqual([true]);
    const path = join(folder, "long.csv");
    writeFileSync(path, "a\n".concat("12345678\n".repeat(100_000)));
    const handles = (): number =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === path;
        } catch {
          return false;
        }
      }).length;
    const iterator = await csv(path).shuffle(10).batch(2).prefetch(2).iterator();
    await iterator.next();
    expect(handles()).toBe(1);
    await iterator.return?.();
    expect(handles()).toBe(0);
    let count = 0;
    for await (const { a } of csv(path)) if (a === 12345678) count++;
    expect([count, handles()]).toEqual([100_000, 0]);
  });

  test("reads no further ahead than a piece", async () => {
    let read = 0;
    const source = async function* (): AsyncGenerator<string> {
      yield "a\n";
      for (; read < 1000; read++) yield "1\n".repeat(10);
    };
    expect(await csv(source).take(25).toArray()).toHaveLength(25);
    expect(read).toBeLessThan(5);
  });

  test("a field of a megabyte in small pieces", async () => {
    const field = "x,\n".repeat(350_000);
    const [row] = await csv(pieces(`a\n"${field}"\n`, 64).source).toArray();
    expect(row?.a).toHaveLength(field.length);
  });
});

describe("errors", () => {
  const reading: [string, string, CsvConfig, string][] = [
    ["too few fields", "a,b\n1,2\n3\n", {}, "the text, row 3 has 1 fields. Expected 2: a, b."],
    ["too many fields", 'a,b\n"x\ny",2\n3,4,5\n', {}, "row 3 has 3 fields"],
    ["rows after blank lines", "a,b\n\n\n1\n", {}, "row 4 has 1 fields"],
    ["an open quote", 'a,b\n1,2\n3,"4\n', {}, "row 3: Quoted field unterminated"],
    ["text behind a quote", 'a,b\n1,2\n"3"x,4\n5,6\n', {}, "row 3: Trailing quote"],
    ["nothing", "\n\n", {}, "the text is empty"],
    [
      "text among numbers",
      "a\n1\nx\n",
      { columnConfigs: { a: { dtype: "float32" } } },
      'row 3, column "a" is "x"',
    ],
    [
      "an empty label",
      "a,b\n1,\n",
      { columnConfigs: { b: { isLabel: true } } },
      'column "b" is empty',
    ],
    [
      "another number of names",
      "a,b\n",
      { columnNames: ["x"] },
      "has 2 columns, but columnNames has 1",
    ],
  ];

  test.each(reading)("%s", async (_what, text, config, message) => {
    for (const size of [1, 3, 1000]) {
      const failure = await rowsOf(pieces(text, size).source, config).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(FormatError);
      expect((failure as Error).message).toContain(message);
    }
  });

  test("bytes that are no UTF-8", async () => {
    const blob = new Blob([Uint8Array.of(0x61, 0x0a, 0xe4, 0x0a)]);
    await expect(rowsOf(blob)).rejects.toThrow("is not text in utf-8");
    const cut = new Blob([Uint8Array.of(0x61, 0x0a, 0xc3)]);
    await expect(rowsOf(cut)).rejects.toThrow(FormatError);
  });

  test("names twice, and settings of a column that is not there", async () => {
    await expect(rowsOf({ text: "a,a\n" })).rejects.toThrow('two columns "a"');
    const columnConfigs = { temprature: {} };
    const failure = rowsOf({ text: "temperature\n" }, { columnConfigs });
    await expect(failure).rejects.toThrow('Did you mean "temperature"?');
  });

  const calls: [string, () => unknown, string][] = [
    ["text as a path", () => csv("a,b\n1,2"), "data.csv({ text })"],
    ["no source", () => csv(undefined as never), "received undefined. Expected a URL"],
    [
      "a misspelt option",
      () => csv({ text: "" }, { header: true } as never),
      "there is no option header",
    ],
    [
      "a delimiter of two",
      () => csv({ text: "" }, { delimiter: "::" }),
      'received "::" as delimiter',
    ],
    [
      "no header and no names",
      () => csv({ text: "" }, { hasHeader: false }),
      "undefined as columnNames",
    ],
    ["an encoding of nobody", () => csv({ text: "" }, { encoding: "utf-9" }), 'received "utf-9"'],
    [
      "a kind that is none",
      () => csv({ text: "" }, { columnConfigs: { a: { dtype: "float64" as "float32" } } }),
      'columnConfigs["a"]: received dtype "float64"',
    ],
    [
      "a setting that is none",
      () => csv({ text: "" }, { columnConfigs: { a: { label: true } as never } }),
      "there is no option label",
    ],
  ];

  test.each(calls)("%s", (_what, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });
});
