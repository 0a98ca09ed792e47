import type { Value } from "../graph/node.ts";
import { named } from "./named-inputs.ts";
import type { Ops, RecurrentAttributes } from "./ops.ts";
import { type CellWeights, gate } from "./recurrent-cells.ts";
import { overDirections } from "./recurrent-directions.ts";
import { sizesOf } from "./recurrent-inputs.ts";
import {
  choose,
  stack,
  stepOf,
  type UnrolledStep,
  unroll,
  weightsOf,
} from "./recurrent-reference.ts";

/** Gradients that arrive at a step: of its h (with the gradient of the output) and of its c. */
interface Arriving {
  readonly dh: Value;
  readonly dc: Value;
}

/** What leaves a step that is not masked. */
interface Leaving extends Arriving {
  /** Gradient of projected_t, by gate. */
  readonly dp: readonly Value[];
}

/** One step backwards; `u` is the step's forward pass. */
type CellGradient = (o: Ops, u: UnrolledStep, arriving: Arriving, weights: CellWeights) => Leaving;

/**
 * The outputs of the gradient op in simple operations: dProjected, dInitialState, (LSTM) dInitialCell. The forward
 * pass is computed again from the op's own inputs, not taken from `states`, `cells` and `gates`, so that a second
 * derivative flows to everything that the gradient depends on.
 */
export const recurrentGradientReference = overDirections((o, inputs, attributes) => {
  const weights = weightsOf(o, inputs);
  const backwards = cellGradientOf(attributes);
  const { batch, units } = sizesOf(inputs);
  const zeros = o.literal(0, [batch, units]);
  let carried: Arriving = { dh: zeros, dc: zeros };
  const steps: { time: number; dp: Value }[] = [];
  for (const u of unroll(o, inputs, attributes).reverse()) {
    const dh = o.add(carried.dh, stepOf(o, named(inputs, "dStates"), u.time));
    const { dCells } = inputs;
    const dc = dCells ? o.add(carried.dc, stepOf(o, dCells, u.time)) : carried.dc;
    const leaving = backwards(o, u, { dh, dc }, weights);
    const dp = leaving.dp.map((value) => choose(o, u.active, value, zeros));
    steps.push({ time: u.time, dp: o.concat(dp, 1) });
    carried = {
      dh: choose(o, u.active, leaving.dh, dh),
      dc: choose(o, u.active, leaving.dc, dc),
    };
  }
  const outputs = [stack(o, steps, ({ dp }) => dp), carried.dh];
  return attributes.cell === "lstm" ? [...outputs, carried.dc] : outputs;
});

function cellGradientOf({ cell, activation, resetAfter }: RecurrentAttributes): CellGradient {
  if (cell === "lstm") return lstmGradient;
  if (cell === "gru") return resetAfter ? gruGradient : gruResetBeforeGradient;
  return simpleRnnGradient(activation);
}

/** Σ d_g R_gᵀ over the gates */
function timesTransposed(o: Ops, ds: readonly Value[], kernels: readonly Value[]): Value {
  return ds.map((d, i) => o.matMul(d, gate(kernels, i), false, true)).reduce((a, b) => o.add(a, b));
}

/** 1 - x */
function complement(o: Ops, x: Value): Value {
  return o.sub(o.literal(1), x);
}

/** x (1 - x), the derivative of a sigmoid whose value is x. */
function sigmoidSlope(o: Ops, x: Value): Value {
  return o.mul(x, complement(o, x));
}

/** 1 - x², the derivative of a tanh whose value is x. */
function tanhSlope(o: Ops, x: Value): Value {
  return complement(o, o.square(x));
}

/** da = dh phi'; dh <- da Rᵀ */
function simpleRnnGradient(activation: "tanh" | "relu"): CellGradient {
  return (o, u, { dh, dc }, { kernels }) => {
    const isPositive = o.cast(o.greater(u.h, o.literal(0)), "float32");
    const slope = activation === "tanh" ? tanhSlope(o, u.h) : isPositive;
    const dp = [o.mul(dh, slope)];
    return { dp, dh: timesTransposed(o, dp, kernels), dc };
  };
}

/** e = dc + dh o (1 - tanh²c); da = [e g i', e c f', e i g', dh tanh(c) o']; dc <- e f; dh <- da Rᵀ */
const lstmGradient: CellGradient = (o, u, { dh, dc }, { kernels }) => {
  const [i, f, g, out] = [gate(u.gates, 0), gate(u.gates, 1), gate(u.gates, 2), gate(u.gates, 3)];
  const tau = o.tanh(u.c);
  const e = o.add(dc, o.mul(o.mul(dh, out), tanhSlope(o, tau)));
  const dp = [
    o.mul(o.mul(e, g), sigmoidSlope(o, i)),
    o.mul(o.mul(e, u.before.c), sigmoidSlope(o, f)),
    o.mul(o.mul(e, i), tanhSlope(o, g)),
    o.mul(o.mul(dh, tau), sigmoidSlope(o, out)),
  ];
  return { dp, dh: timesTransposed(o, dp, kernels), dc: o.mul(e, f) };
};

/** dn = dh (1 - z) n'; dz = dh (h - n) z'; dr = dn q_n r'; dh <- dh z + [dz dr dn·r] Rᵀ */
const gruGradient: CellGradient = (o, u, { dh, dc }, { kernels }) => {
  const [z, r, n, q] = [gate(u.gates, 0), gate(u.gates, 1), gate(u.gates, 2), gate(u.gates, 3)];
  const dn = o.mul(o.mul(dh, complement(o, z)), tanhSlope(o, n));
  const dz = o.mul(o.mul(dh, o.sub(u.before.h, n)), sigmoidSlope(o, z));
  const dr = o.mul(o.mul(dn, q), sigmoidSlope(o, r));
  const product = timesTransposed(o, [dz, dr, o.mul(dn, r)], kernels);
  return { dp: [dz, dr, dn], dh: o.add(o.mul(dh, z), product), dc };
};

/** The same with du = dn R_nᵀ; dr = du h r'; dh <- dh z + du r + [dz dr] [R_z R_r]ᵀ */
const gruResetBeforeGradient: CellGradient = (o, u, { dh, dc }, { kernels }) => {
  const [z, r, n] = [gate(u.gates, 0), gate(u.gates, 1), gate(u.gates, 2)];
  const dn = o.mul(o.mul(dh, complement(o, z)), tanhSlope(o, n));
  const dz = o.mul(o.mul(dh, o.sub(u.before.h, n)), sigmoidSlope(o, z));
  const du = o.matMul(dn, gate(kernels, 2), false, true);
  const dr = o.mul(o.mul(du, u.before.h), sigmoidSlope(o, r));
  const direct = o.add(o.mul(dh, z), o.mul(du, r));
  return { dp: [dz, dr, dn], dh: o.add(direct, timesTransposed(o, [dz, dr], kernels)), dc };
};
