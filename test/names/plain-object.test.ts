import { expect, test } from "vitest";
import { isPlainObject } from "../../src/names/plain-object.ts";

test.each([
  ["{}", {}, true],
  ["an object without a prototype", Object.create(null), true],
  ["an object from JSON with __proto__", JSON.parse('{"__proto__": 1}'), true],
  ["null", null, false],
  ["a list", [], false],
  ["a function", () => {}, false],
  ["an instance", new Date(), false],
  ["a text", "{}", false],
])("%s", (_what, value, expected) => {
  expect(isPlainObject(value)).toBe(expected);
});
