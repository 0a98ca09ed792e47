import * as sl from "sluice";
import { afterEach, describe, expect, test } from "vitest";

const made: { dispose(): unknown }[] = [];

afterEach(() => {
  for (const one of made.splice(0)) one.dispose();
});

function weight(dtype: sl.DType): sl.Variable {
  const variable = sl.variable(sl.tensor([1, 2, 3], [3], dtype), true, "halves");
  made.push(variable);
  return variable;
}

describe("optimizers", () => {
  test("refuse variables of float16, and say which", () => {
    const w = weight("float16");
    const optimizer = sl.train.adam(0.1);
    made.push(optimizer);
    expect(() => optimizer.minimize(() => w.square().sum())).toThrow(sl.DTypeError);
    expect(() => optimizer.minimize(() => w.square().sum())).toThrow(
      'adam: received variable "halves" of float16. Expected float32',
    );
  });

  test("refuse gradients of float16", () => {
    const w = weight("float32");
    const optimizer = sl.train.sgd(0.1);
    made.push(optimizer);
    const gradient = sl.tensor([1, 1, 1], [3], "float16");
    expect(() => optimizer.applyGradients([{ name: w.name, tensor: gradient }])).toThrow(
      'sgd.applyGradients: "halves": received a gradient of float16. Expected float32',
    );
  });
});
