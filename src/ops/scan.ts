import { SluiceError } from "../errors.ts";
import { Node, type ScanBody, type Value } from "../graph/node.ts";
import { axisBefore, newBodyId } from "../graph/scan-body.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { type Spec, specOf } from "../graph/spec.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { stepView } from "../graph/view.ts";
import { at, dtypeAttribute, inputOf, numberAttribute, shapeAttribute } from "./attributes.ts";
import { matMul } from "./matmul.ts";
import type { Op } from "./op.ts";
import type { ScanParts, ScanResult } from "./ops.ts";
import { outputOf, recordedPath, recordOne } from "./record.ts";

/*
 * A loop as one node: h_t, y_t = body(h_{t-1}, x_t). The body is recorded once, over marks; the compiler plans it once
 * and repeats its dispatches (compiler/scan-step.ts), autograd makes the reverse loop (autograd/scan-gradient.ts).
 */

const scanOp: Op = {
  name: "scan",
  infer: () => {
    throw new SluiceError("internal", "scan: recorded without a body.");
  },
  lowering: { kind: "scan" },
};

/** Stands in a body for what changes from step to step; nobody computes it. */
const markOp: Op = {
  name: "mark",
  infer: (_inputs, attributes) => [specOf(shapeAttribute(attributes), dtypeAttribute(attributes))],
  gradient: () => [],
  lowering: { kind: "leaf" },
};

/** The piece of a sequence along `attributes.axis` that belongs to the step; the compiler puts it in a mark's place. */
const stepPieceOp: Op = {
  name: "stepPiece",
  infer: (inputs, attributes) => {
    const { shape, dtype } = at(inputs, 0);
    const axis = numberAttribute(attributes, "axis");
    return [specOf(withoutAxis(shape, axis), dtype)];
  },
  gradient: () => [],
  lowering: {
    kind: "movement",
    view: (view, node) => stepView(view, numberAttribute(node.attributes, "axis")),
  },
};

/**
 * A value as the piece of a stack of `attributes.length` that belongs to the step: the kernel that computes it stores it
 * there. Only the compiler makes it.
 */
const stackPieceOp: Op = {
  name: "stackPiece",
  infer: (inputs) => [at(inputs, 0)],
  gradient: () => [],
  lowering: { kind: "movement", view: (view) => view },
};

export const scanOps: readonly Op[] = [scanOp, markOp, stepPieceOp, stackPieceOp];

export function mark({ shape, dtype }: Spec): Value {
  return recordOne(markOp, [], { shape, dtype });
}

export function stepPiece(whole: Value, axis: number): Value {
  return recordOne(stepPieceOp, [whole], { axis });
}

export function stackPiece(value: Value, axis: number, length: number): Value {
  return recordOne(stackPieceOp, [value], { axis, length });
}

/** How the pieces of a stack lie in it: piece t has element i at `(i / inner)·pitch + t·inner + i % inner`. */
export function stackLayout(node: Node): { inner: number; pitch: number } {
  const inner = sizeOf(inputOf(node, 0).shape.slice(numberAttribute(node.attributes, "axis")));
  return { inner, pitch: inner * numberAttribute(node.attributes, "length") };
}

/**
 * Records the loop. Sequences whose piece the body does not use are left out. Where the body multiplies a piece by a
 * matrix that is the same at every step, the whole sequence is multiplied before the loop, and its pieces are what the
 * body reads: one large product in place of many small ones.
 */
export function scan({ carries, xs: given, ys, length, reverse }: ScanParts): ScanResult {
  const roots = [...carries.map(({ next }) => next), ...ys.map(({ value }) => value)];
  const marksOf = (xs: ScanParts["xs"]): Set<Value> =>
    new Set([...carries, ...xs].map((one) => one.mark));
  const products = productsOfPieces(given, surroundings(roots, marksOf(given)).steps);
  const xs = [...given, ...products];
  const { captures, used } = surroundings(roots, marksOf(xs));
  const sequences = xs.filter((x) => used.has(x.mark));
  const axis = (given[0] ?? ys[0])?.axis ?? 0;
  const body: ScanBody = {
    id: newBodyId(),
    length,
    reverse,
    carries: carries.map((carry) => carry.mark),
    xs: sequences.map((x) => ({ mark: x.mark, axis: x.axis })),
    captures,
    next: carries.map(({ next }) => next),
    ys,
    axis,
  };
  const inputs = [
    ...carries.map(({ initial }) => initial),
    ...sequences.map(({ whole }) => whole),
    ...captures,
  ];
  const { outputs } = new Node(scanOp.name, inputs, {
    outputs: [
      ...body.carries.map(({ spec }) => spec),
      ...ys.map(({ value, axis }) => stacked(value.spec, axis, length)),
      ...body.carries.map((mark) => stacked(mark.spec, axisBefore(axis, mark), length)),
    ],
    scope: recordedPath(),
    body,
  });
  return {
    carries: outputs.slice(0, carries.length),
    ys: outputs.slice(carries.length, carries.length + ys.length),
  };
}

function stacked({ shape, dtype }: Spec, axis: number, length: number): Spec {
  return specOf([...shape.slice(0, axis), length, ...shape.slice(axis)], dtype);
}

function withoutAxis(shape: Shape, axis: number): Shape {
  return shape.filter((_, i) => i !== axis);
}

/**
 * What a body takes from outside, and the marks that it uses. Everything that is the same at every step stays outside
 * and is computed once, except constants of the body and what only widens or reshapes: there the kernels read through.
 */
function surroundings(
  roots: readonly Value[],
  marks: ReadonlySet<Value>,
): { captures: Value[]; used: ReadonlySet<Value>; steps: ReadonlySet<Node> } {
  let oldest = Number.POSITIVE_INFINITY;
  for (const { node } of marks) oldest = Math.min(oldest, node.id);
  const used = new Set<Value>();
  const steps = new Set<Node>();
  const captures = new Set<Value>();
  const isStep = (value: Value): boolean => marks.has(value) || steps.has(value.node);
  const take = (value: Value): void => {
    if (marks.has(value)) used.add(value);
    if (isStep(value)) return;
    const base = sunk(value);
    if (!isConstant(base) || base.node.id < oldest) captures.add(base);
  };
  // What is older than every mark cannot depend on one.
  const isOutside = (value: Value): boolean => marks.has(value) || value.node.id < oldest;
  for (const node of topologicalOrder(roots, { isLeaf: isOutside })) {
    if (!node.inputs.some(isStep)) continue;
    steps.add(node);
    for (const input of node.inputs) take(input);
  }
  for (const root of roots) take(root);
  return { captures: [...captures], used, steps };
}

/** The products of pieces, as sequences: their marks are the products in the body. */
function productsOfPieces(xs: ScanParts["xs"], steps: ReadonlySet<Node>): ScanParts["xs"] {
  const products: { whole: Value; mark: Value; axis: number }[] = [];
  for (const node of steps) {
    const [piece, matrix] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    if (node.op !== "matMul" || transposeA || !piece || matrix?.shape.length !== 2) continue;
    const x = xs.find(({ mark }) => mark === piece);
    const isSame = !steps.has(matrix.node) && matrix.node.op !== "mark";
    if (!x || x.axis > 1 || piece.shape.length !== 2 || !isSame) continue;
    const whole = matMul(x.whole, matrix, false, transposeB === true);
    products.push({ whole, mark: outputOf(node, 0), axis: x.axis });
  }
  return products;
}

function sunk(value: Value): Value {
  let base = value;
  while (base.kept === null && (base.node.op === "broadcastTo" || base.node.op === "reshape")) {
    base = inputOf(base.node, 0);
  }
  return base;
}

/** Known without memory; kernels have it in their text or words. */
export function isConstant({ node }: Value): boolean {
  return node.op === "literal" || node.op === "scalar";
}
