import type { Value } from "../graph/node.ts";
import type { Named } from "./named-inputs.ts";
import type { Ops, RecurrentAttributes } from "./ops.ts";

/** A function of the op's inputs that knows one direction. */
export type OneDirection = (
  o: Ops,
  inputs: Named<Value>,
  attributes: RecurrentAttributes,
) => Value[];

/**
 * Lets a function that knows one direction do two: each by itself, the results side by side along a new axis in
 * front. Both share the mask; the second runs the other way through time.
 */
export function overDirections(run: OneDirection): OneDirection {
  return (o, inputs, attributes) => {
    const isOne = inputs.recurrentKernel?.shape.length === 2;
    if (isOne) return run(o, inputs, attributes);
    const [first = [], second = []] = [0, 1].map((direction) => {
      const own = Object.entries(inputs).map(([name, value]) => {
        const isShared = value === undefined || name === "mask";
        return [name, isShared ? value : ofDirection(o, value, direction)] as const;
      });
      const reverse = attributes.reverse !== (direction === 1);
      return run(o, Object.fromEntries(own), { ...attributes, reverse });
    });
    return first.map((value, i) => stackTwo(o, value, second[i] ?? value));
  };
}

/** Block `direction` of the first axis, without that axis. */
export function ofDirection(o: Ops, x: Value, direction: number): Value {
  const [, ...rest] = x.shape;
  const block = o.slice(x, [direction, ...rest.map(() => 0)], [1, ...rest]);
  return o.reshape(block, rest);
}

function stackTwo(o: Ops, a: Value, b: Value): Value {
  const one = [1, ...a.shape];
  return o.concat([o.reshape(a, one), o.reshape(b, one)], 0);
}
