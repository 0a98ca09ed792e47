import { describe, expect, test } from "vitest";
import { PathTemplate } from "../../../src/train/callbacks/path-template.ts";

describe("path template", () => {
  const values = { epoch: 7, val_loss: 0.123456, big: 123456.789, small: 0.0000123, below: -3.5 };

  // Python 3.11: "…".format(epoch=7, val_loss=0.123456, big=123456.789, small=0.0000123, below=-3.5)
  test.each([
    ["plain/path.safetensors", "plain/path.safetensors"],
    ["m-{epoch}", "m-7"],
    ["m-{epoch:02d}-{val_loss:.2f}", "m-07-0.12"],
    ["{epoch:4d}|", "   7|"],
    ["{epoch:d}", "7"],
    ["{val_loss:f}", "0.123456"],
    ["{big:.0f}", "123457"],
    ["{small:.2e}", "1.23e-05"],
    ["{small:e}", "1.230000e-05"],
    ["{big:.1e}", "1.2e+05"],
    ["{below:08.2f}", "-0003.50"],
    ["{below:8.2f}", "   -3.50"],
    ["{{{epoch}}}", "{7}"],
    ["{val_loss}", "0.123456"],
  ])("%s", (template, expected) => {
    expect(new PathTemplate("test", template).fill(values)).toBe(expected);
  });

  test.each(["{", "}", "{}", "{epoch:x}", "{epoch:.2d}", "a{b", "{a{b}}"])("refuses %s", (text) => {
    expect(() => new PathTemplate("test", text)).toThrow("cannot read");
  });

  test("refuses fractions where a whole number belongs, and names that are no own figures", () => {
    expect(() => new PathTemplate("test", "{val_loss:02d}").fill(values)).toThrow(
      "val_loss is 0.123456. Expected {val_loss:.4f}.",
    );
    expect(() => new PathTemplate("test", "{toString}").fill(values)).toThrow(
      "there is no toString",
    );
  });
});
