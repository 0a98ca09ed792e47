import { describe, expect, test } from "vitest";
import * as publicOps from "../../src/tensor/ops/index.ts";
import { opTable } from "./op-table.ts";
import { describeRows } from "./table-tests.ts";

describe("op table", () => {
  test("has a row for every public op, and no other", () => {
    const names = Object.keys(publicOps);
    expect(Object.keys(opTable).sort()).toEqual(names.sort());
    expect(names.length).toBeGreaterThanOrEqual(60);
  });
});

describeRows(opTable);
