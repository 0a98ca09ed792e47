import { expect, test } from "vitest";
import { FormatError } from "../../../src/errors.ts";
import { readFitRecord, writeFitRecord } from "../../../src/train/saving/fit-record.ts";

test("a record comes back, with numbers that JSON has not", () => {
  const record = {
    rows: [
      { epoch: 0, logs: { loss: Number.NaN, mae: 1 / 3 } },
      { epoch: 1, logs: { loss: Infinity, mae: -Infinity } },
    ],
    callbacks: [null, { number: "5" }, { inner: { number: "five" }, best: Number.NaN }],
  };
  expect(readFitRecord(writeFitRecord(record), "backup")).toEqual(record);
});

test.each([
  ["no JSON", "{"],
  ["null", "null"],
  ["a list", "[]"],
  ["rows that are none", '{"rows":[5],"callbacks":[]}'],
  ["epochs that are none", '{"rows":[{"epoch":0.5,"logs":{}}],"callbacks":[]}'],
  ["no callbacks", '{"rows":[]}'],
])("%s is no record", (_what, text) => {
  expect(() => readFitRecord(text, "backup")).toThrow(FormatError);
  expect(() => readFitRecord(text, "backup")).toThrow(/^backup: fit: /);
});
