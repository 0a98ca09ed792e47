import {
  type Canonical,
  canonicalize,
  leafIn,
  type Place,
  type Request,
} from "../../src/compiler/canonical.ts";
import { compilePlan } from "../../src/compiler/compile.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { Simplifier } from "../../src/compiler/simplify.ts";
import { DEFAULT_LIMITS, type DeviceLimits } from "../../src/gpu/limits.ts";
import { memberBytes } from "../../src/graph/arena-layout.ts";
import type { DType } from "../../src/graph/dtype.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Node, Value } from "../../src/graph/node.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { specOf } from "../../src/graph/spec.ts";
import { Storage } from "../../src/graph/storage.ts";
import { topologicalOrder } from "../../src/graph/traverse.ts";
import { gradientCheck } from "../../src/ops/gradient-check.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { source } from "../../src/ops/leaves.ts";
import { optimizerUpdate } from "../../src/ops/optimizer-update.ts";

/* Graphs and plans without a device: for tests of the compiler. */

export const rules = { ops, registry } as const;

/** A leaf of host data. */
export function host(shape: Shape, dtype: DType = "float32"): Value {
  return source(specOf(shape, dtype), { kind: "host", data: new Float32Array(sizeOf(shape)) });
}

/** A variable that was written nowhere yet, with the leaf that reads it. */
export interface TestVariable {
  readonly storage: Storage;
  readonly leaf: Value;
}

const places = new Map<Storage, Place>();
let nextBuffer = 1;

/** The books of nobody: nothing here has memory. */
const owner = { release: () => undefined };

/** Variables side by side in one buffer of their own. */
export function arena(...shapes: readonly Shape[]): TestVariable[] {
  const buffer = nextBuffer++;
  let offset = 0;
  return shapes.map((shape) => {
    const spec = specOf(shape);
    const storage = new Storage(spec, { kind: "variable", name: `v${nextBuffer}`, owner });
    places.set(storage, { buffer, offset });
    offset += memberBytes(spec);
    return { storage, leaf: source(spec, { kind: "storage", storage, version: 0 }) };
  });
}

/** A variable in a buffer of its own. */
export function lone(shape: Shape): TestVariable {
  return arena(shape)[0] as TestVariable;
}

/** The result of an earlier run, on the GPU. */
export function result(shape: Shape): Value {
  const storage = new Storage(specOf(shape), { kind: "result", name: "result", owner });
  return source(storage.spec, { kind: "storage", storage, version: 0 });
}

export function canonicalOf(request: Partial<Request>): Canonical {
  return canonicalize({ outputs: [], writes: [], ...request }, (storage) => {
    const place = places.get(storage);
    if (!place) throw new RangeError(`${storage.name} has no place`);
    return place;
  });
}

export function planOf(request: Partial<Request>, limits: DeviceLimits = DEFAULT_LIMITS): Plan {
  const whole = { outputs: [], writes: [], ...request };
  const target = { limits, options: {} };
  return compilePlan(whole, canonicalOf(whole), { rules, target });
}

/** A plan of outputs alone. */
export function planFor(...outputs: readonly Value[]): Plan {
  return planOf({ outputs });
}

/** The nodes that are left of a graph when it is simplified. */
export function simplified(...outputs: readonly Value[]): { roots: Value[]; nodes: Node[] } {
  const roots = new Simplifier(leafIn(canonicalOf({ outputs })), rules).simplify(outputs);
  return { roots, nodes: topologicalOrder(roots, { isLeaf: () => false }) };
}

/** Names of the ops that are left, leaves apart. */
export function opsLeft(...outputs: readonly Value[]): string[] {
  return simplified(...outputs)
    .nodes.map((node) => node.op)
    .filter((op) => op !== "source");
}

/** A run-time number. */
export function scalar(value = 1): Value {
  return ops.scalar(HostScalar.of(value));
}

/** What one step of gradient descent makes of variables: new contents, and the fault's. */
export function descent(
  variables: readonly TestVariable[],
  gradients: readonly Value[],
  { parameters, fault = lone([4]) }: { parameters?: readonly Value[]; fault?: TestVariable } = {},
): { request: Request["writes"]; updated: readonly Value[] } {
  const int = source(specOf([4], "int32"), { kind: "storage", storage: fault.storage, version: 0 });
  const numbers = { step: HostScalar.of(0, "int32"), sticky: HostScalar.of(0, "int32") };
  const check = gradientCheck({ gradients, fault: int }, numbers);
  const one = HostScalar.of(1);
  const { parameters: updated } = optimizerUpdate(
    {
      kind: "sgd",
      parameters: parameters ?? variables.map(({ leaf }) => leaf),
      gradients,
      slots: [],
      control: check.control,
    },
    { learningRate: one, globalClipnorm: one, clipvalue: one, decay: HostScalar.of(0), due: one },
  );
  const writes = variables.map(({ storage }, i) => ({ storage, value: updated[i] as Value }));
  return { request: [...writes, { storage: fault.storage, value: check.fault }], updated };
}
