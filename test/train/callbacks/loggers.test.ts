import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, FormatError } from "../../../src/errors.ts";
import type { CallbackHooks, EpochLogs } from "../../../src/train/callbacks/callback-hooks.ts";
import { type CSVLoggerConfig, csvLogger } from "../../../src/train/callbacks/csv-logger.ts";
import { jsonlLogger } from "../../../src/train/callbacks/jsonl-logger.ts";
import type { LogTarget } from "../../../src/train/callbacks/line-target.ts";
import { csvCells, csvLine } from "../../../src/train/history/csv-line.ts";
import { linearData, linearModel } from "../support.ts";
import { FakeFit, listen } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { NaN: nan } = Number;
let files = 0;
const newPath = (): string => join(folder, `${files++}.log`);
const read = (path: string): string => readFileSync(path, "utf8");

/** Logs a training; `begin` stands for what happens between its beginning and its first epoch. */
async function log(
  callback: CallbackHooks,
  table: readonly Record<string, number>[],
  { epoch = 0, doValidation = false, metrics = ["loss"], begin = () => {} } = {},
): Promise<void> {
  const fit = new FakeFit(callback, { epoch, params: { doValidation, metrics } });
  await fit.list.trainBegin();
  begin();
  await fit.run(table);
  await fit.end();
}

describe("csvLogger", () => {
  test("writes a header and a line an epoch", async () => {
    const path = newPath();
    await log(csvLogger(path), [
      { loss: 0.5, val_loss: 1e-7 },
      { loss: nan, val_loss: 3 },
    ]);
    expect(read(path)).toBe("epoch,loss,val_loss\r\n0,0.5,1e-7\r\n1,NaN,3\r\n");
  });

  test("a figure that is missing leaves an empty cell; one that comes later has no column", async () => {
    const path = newPath();
    await log(csvLogger(path), [
      { a: 1, b: 2 },
      { b: 3, c: 4 },
    ]);
    expect(read(path)).toBe("epoch,a,b\r\n0,1,2\r\n1,,3\r\n");
  });

  test("the validation has its columns where the first epoch has none", async () => {
    const path = newPath();
    const table: EpochLogs[] = [
      { loss: 1, mae: 2, learning_rate: 3 },
      { loss: 1, mae: 2, learning_rate: 3, val_loss: 4, val_mae: 5 },
    ];
    await log(csvLogger(path), table, { doValidation: true, metrics: ["loss", "mae"] });
    expect(read(path)).toBe(
      "epoch,loss,mae,learning_rate,val_loss,val_mae\r\n0,1,2,3,,\r\n1,1,2,3,4,5\r\n",
    );
  });

  test("begins the file anew with each fit", async () => {
    const path = newPath();
    const logger = csvLogger(path);
    await log(logger, [{ loss: 1 }, { loss: 2 }]);
    await log(logger, [{ mae: 3 }]);
    expect(read(path)).toBe("epoch,mae\r\n0,3\r\n");
  });

  test("append goes on under the columns that are there", async () => {
    const path = newPath();
    await log(csvLogger(path), [{ loss: 1, "a,b": 2 }]);
    await log(csvLogger(path, { append: true }), [{ "a,b": 4, loss: 3 }], { epoch: 1 });
    expect(read(path)).toBe('epoch,loss,"a,b"\r\n0,1,2\r\n1,3,4\r\n');
  });

  test("append says which figures have no column there", async () => {
    const path = newPath();
    const warnings = listen("warn");
    await log(csvLogger(path), [{ loss: 1 }]);
    await log(
      csvLogger(path, { append: true }),
      [
        { loss: 3, mae: 4 },
        { loss: 3, mae: 4 },
      ],
      { epoch: 1 },
    );
    expect(read(path)).toBe("epoch,loss\r\n0,1\r\n1,3\r\n2,3\r\n");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("no column for mae, only epoch, loss");
  });

  test("append begins a file that is not there or empty with a header", async () => {
    const [path, empty] = [newPath(), newPath()];
    writeFileSync(empty, "");
    for (const one of [path, empty]) {
      await log(csvLogger(one, { append: true }), [{ loss: 1 }]);
      expect(read(one)).toBe("epoch,loss\r\n0,1\r\n");
    }
  });

  test("append leaves the half line of a killed process on a line of its own", async () => {
    const path = newPath();
    writeFileSync(path, "epoch,loss\r\n0,1\r\n1,0.");
    await log(csvLogger(path, { append: true }), [{ loss: 2 }], { epoch: 1 });
    expect(read(path)).toBe("epoch,loss\r\n0,1\r\n1,0.\r\n1,2\r\n");
  });

  test("with its state goes on in the same file without a second header", async () => {
    const path = newPath();
    const first = csvLogger(path);
    await log(first, [{ loss: 1, val_loss: 2 }]);
    const state = JSON.parse(JSON.stringify(first.getState()));
    const second = csvLogger(path);
    await log(second, [{ val_loss: 4, loss: 3 }], {
      epoch: 1,
      begin: () => second.setState(state),
    });
    expect(read(path)).toBe("epoch,loss,val_loss\r\n0,1,2\r\n1,3,4\r\n");
    expect(() => second.setState({ columns: "loss" })).toThrow(FormatError);
  });

  test("with its state begins a new line behind the half one of a killed process", async () => {
    const path = newPath();
    writeFileSync(path, "epoch,loss\r\n0,1\r\n1,0.");
    const logger = csvLogger(path);
    const begin = () => logger.setState({ columns: ["epoch", "loss"] });
    await log(logger, [{ loss: 2 }, { loss: 3 }], { epoch: 1, begin });
    expect(read(path)).toBe("epoch,loss\r\n0,1\r\n1,0.\r\n1,2\r\n2,3\r\n");
  });

  test("writes to functions, which are waited for, without line ends", async () => {
    const lines: string[] = [];
    const take = async (line: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      lines.push(line);
    };
    const logger = csvLogger(take, { separator: "\t" });
    await log(logger, [{ loss: 1 }]);
    expect(lines).toEqual(["epoch\tloss", "0\t1"]);
  });

  test("writes to streams, which stay open and are free afterwards, also after an error", async () => {
    const chunks: string[] = [];
    const stream = new WritableStream<string>({ write: (chunk) => void chunks.push(chunk) });
    const logger = csvLogger(stream);
    await log(logger, [{ loss: 1 }]);
    expect(stream.locked).toBe(false);
    expect(chunks.join("")).toBe("epoch,loss\r\n0,1\r\n");
    const { x, y } = linearData(8);
    const failing = { onEpochEnd: () => Promise.reject(new RangeError("mine")) };
    const run = linearModel().fit(x, y, { verbose: 0, callbacks: [logger, failing] });
    await expect(run).rejects.toThrow("mine");
    expect(stream.locked).toBe(false);
  });

  test("in fit: the file says what the history says, for file: URLs too", async () => {
    const { x, y } = linearData(12);
    const path = newPath();
    const { history } = await linearModel().fit(x, y, {
      epochs: 3,
      validationSplit: 0.25,
      validationFreq: 2,
      verbose: 0,
      callbacks: csvLogger(pathToFileURL(path)),
    });
    const rows = read(path)
      .trimEnd()
      .split("\r\n")
      .map((line) => csvCells(line));
    const { loss = [], val_loss = [] } = history;
    expect(rows).toEqual([
      ["epoch", "loss", "val_loss"],
      ["0", String(loss[0]), ""],
      ["1", String(loss[1]), String(val_loss[0])],
      ["2", String(loss[2]), ""],
    ]);
  });

  test("a path that cannot be written ends training; the system's error is the cause", async () => {
    const run = log(csvLogger(folder), [{ loss: 1 }]);
    await expect(run).rejects.toMatchObject({ code: "store", cause: { code: "EISDIR" } });
  });

  test.each<[unknown, CSVLoggerConfig, string]>([
    ["a", { separator: "" }, "received separator"],
    ["a", { separator: '"' }, "received separator"],
    ["a", { separator: ", " }, "received separator"],
    ["a", { sep: ";" } as CSVLoggerConfig, "Did you mean separator?"],
    ["", {}, 'received "". Expected a path'],
    [undefined, {}, "received undefined"],
    [{ write: () => {} }, {}, "received { write }"],
  ])("refuses %j, %j", (target, config, message) => {
    expect(() => csvLogger(target as LogTarget, config)).toThrow(ArgumentError);
    expect(() => csvLogger(target as LogTarget, config)).toThrow(message);
  });
});

describe("jsonlLogger", () => {
  test("writes an object an epoch; what is not finite is null", async () => {
    const path = newPath();
    await log(jsonlLogger(path), [{ loss: 0.5 }, { loss: nan, mae: 1 }]);
    expect(read(path)).toBe('{"epoch":0,"loss":0.5}\n{"epoch":1,"loss":null,"mae":1}\n');
  });

  test("begins anew, or appends, or goes on with its state", async () => {
    const path = newPath();
    const logger = jsonlLogger(path);
    await log(logger, [{ loss: 1 }]);
    await log(logger, [{ loss: 2 }]);
    expect(read(path)).toBe('{"epoch":0,"loss":2}\n');
    await log(jsonlLogger(path, { append: true }), [{ loss: 3 }], { epoch: 1 });
    const resumed = jsonlLogger(path);
    await log(resumed, [{ loss: 4 }], {
      epoch: 2,
      begin: () => resumed.setState({ hasBegun: true }),
    });
    expect(read(path)).toBe('{"epoch":0,"loss":2}\n{"epoch":1,"loss":3}\n{"epoch":2,"loss":4}\n');
    writeFileSync(path, '{"epoch":0');
    await log(jsonlLogger(path, { append: true }), [{ loss: 5 }]);
    expect(read(path)).toBe('{"epoch":0\n{"epoch":0,"loss":5}\n');
    writeFileSync(path, '{"epoch":0,"loss":1}\n{"epo');
    const killed = jsonlLogger(path);
    const begin = () => killed.setState({ hasBegun: true });
    await log(killed, [{ loss: 6 }, { loss: 7 }], { epoch: 1, begin });
    expect(read(path)).toBe(
      '{"epoch":0,"loss":1}\n{"epo\n{"epoch":1,"loss":6}\n{"epoch":2,"loss":7}\n',
    );
  });
});

describe("csv lines", () => {
  // RFC 4180, section 2: fields with the separator, quotes or line breaks are quoted, and quotes in them are doubled.
  test.each([
    [["a", 1, undefined, 0.5], "a,1,,0.5"],
    [["a,b", 'c"d', "e\nf"], '"a,b","c""d","e\nf"'],
    [["", ""], ","],
    [['"'], '""""'],
    [['",'], '""","'],
  ] as const)("%j", (cells, line) => {
    expect(csvLine(cells)).toBe(line);
    expect(csvCells(line)).toEqual(cells.map((cell) => String(cell ?? "")));
  });

  test("other separators", () => {
    expect(csvLine(["a,b", "c;d"], ";")).toBe('a,b;"c;d"');
    expect(csvCells('a,b;"c;d"', ";")).toEqual(["a,b", "c;d"]);
  });
});
