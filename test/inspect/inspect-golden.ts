import { readFileSync } from "node:fs";
import * as sl from "sluice";
import {
  type FullResult,
  type GoldenResult,
  type InputSpec,
  inputOf,
  type RecurrentLayerName,
  type RecurrentParts,
  type ValuesSpec,
} from "../helpers/golden.ts";

interface LayerSpec {
  readonly layer: RecurrentLayerName;
  readonly units: number;
  readonly resetAfter?: boolean;
  readonly goBackwards?: boolean;
  readonly bidirectional?: boolean;
  /** Of each direction. */
  readonly weights: readonly Omit<RecurrentParts<InputSpec>, "x">[];
}

/** A stack of recurrent layers under a dense unit, of test/golden/gradient_flow.py. */
export interface FlowGolden {
  readonly name: string;
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly layers: readonly LayerSpec[];
  readonly x: InputSpec;
  readonly y: InputSpec;
  readonly dense: { readonly kernel: InputSpec; readonly bias: InputSpec };
  /** [B, T], 1 where the step counts. */
  readonly mask?: ValuesSpec;
  /** Where the path of `integrated` begins. */
  readonly baseline?: InputSpec;
  /** Integrated gradients of the output; of models without a mask. */
  readonly integrated?: Readonly<Record<"attributions" | "output" | "baselineOutput", FullResult>>;
  /** One for each direction of each layer. */
  readonly runs: readonly {
    /** Sum over the batch of the norms of the gradients at each step, [T]. */
    readonly flow: Readonly<Record<"h" | "c", FullResult | undefined>>;
    /** Gates and states [B, T, H]. */
    readonly gates: Readonly<Record<string, GoldenResult>>;
  }[];
}

export function loadFlowGoldens(): readonly FlowGolden[] {
  const url = new URL("../golden/gradient-flow.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(url, "utf8")) as { cases: readonly FlowGolden[] };
  if (cases.length === 0) throw new Error("gradient-flow.json has no cases.");
  return cases;
}

const tensorOf = (spec: InputSpec): sl.Tensor => sl.tensor(inputOf(spec), spec.shape);

/** The golden's model with its weights, compiled, and its data; masked steps of x are all -9. */
export function goldenModel(golden: FlowGolden) {
  const { batch, time, features, layers, mask } = golden;
  const input = sl.input({ shape: [time, features] });
  let value = mask ? sl.layers.masking({ maskValue: MASKED }).apply(input) : input;
  layers.forEach((spec, i) => {
    value = layerOf(spec, i < layers.length - 1).apply(value);
  });
  const net = sl.model({ inputs: input, outputs: sl.layers.dense({ units: 1 }).apply(value) });
  const { kernel, bias } = golden.dense;
  const recurrent = layers.flatMap(({ weights }) =>
    weights.flatMap((own) => [own.kernel, own.recurrentKernel, own.bias]),
  );
  net.setWeights([...recurrent, kernel, bias].map(tensorOf));
  net.compile({ loss: "meanSquaredError", optimizer: "sgd" });
  const x = inputOf(golden.x);
  if (mask)
    mask.values.forEach((shown, step) => {
      if (shown === 0) x.fill(MASKED, step * features, (step + 1) * features);
    });
  return { net, x: sl.tensor3d(x, [batch, time, features]), y: tensorOf(golden.y) };
}

const MASKED = -9;

function layerOf(spec: LayerSpec, returnSequences: boolean) {
  const { units, goBackwards = false, resetAfter = true } = spec;
  const config = { units, goBackwards, returnSequences };
  const layer = {
    simpleRNN: () => sl.layers.simpleRNN(config),
    lstm: () => sl.layers.lstm(config),
    gru: () => sl.layers.gru({ ...config, resetAfter }),
  }[spec.layer]();
  return spec.bidirectional ? sl.layers.bidirectional({ layer }) : layer;
}
