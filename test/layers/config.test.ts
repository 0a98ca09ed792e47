import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { initializers } from "../../src/initializers/index.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { deserializeCell, type RNNCell, serializeCell } from "../../src/layers/rnn-cell.ts";
import { deserializeLayer, serializeLayer } from "../../src/layers/serialize.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import * as regularizers from "../../src/regularizers/index.ts";
import { LongShortTerm } from "./cells.ts";

/** What all layers take that run over time. */
const sequential = {
  activityRegularizer: "l2",
  returnSequences: true,
  returnState: true,
  goBackwards: true,
  stateful: true,
  zeroOutputForMask: true,
  name: "recurrence",
  trainable: false,
  batchInputShape: [2, 5, 3],
} as const;

const recurrent = {
  ...sequential,
  units: 4,
  activation: "relu",
  useBias: false,
  kernelInitializer: initializers.heNormal({ seed: 3 }),
  recurrentInitializer: "identity",
  biasInitializer: "ones",
  kernelRegularizer: regularizers.l1l2({ l1: 0.1 }),
  recurrentRegularizer: "l2",
  biasRegularizer: "l1",
  dropout: 0.1,
  recurrentDropout: 0.2,
  seed: 5,
  name: "cell",
} as const;

const all: AnyLayer[] = [
  layers.inputLayer({ batchInputShape: [2, 3], inputDType: "int32" }),
  layers.dense({ units: 2, activation: "gelu", useBias: false, kernelRegularizer: "l1" }),
  layers.activation({ activation: "log_softmax" }),
  layers.dropout({ rate: 0.5, seed: 1, noiseShape: [null, 1] }),
  layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true }),
  layers.reversibleEmbedding({ inputDim: 4, outputDim: 2, tieWeights: false, logitSoftCap: 30 }),
  layers.positionEmbedding({ sequenceLength: 5, initializer: "ones" }),
  layers.sinePositionEncoding({ maxWavelength: 100 }),
  layers.tokenAndPositionEmbedding({
    vocabularySize: 4,
    sequenceLength: 5,
    embeddingDim: 2,
    tieWeights: false,
    embeddingsInitializer: "ones",
    maskZero: true,
    name: "both",
  }),
  layers.rotaryEmbedding({
    maxWavelength: 100,
    scalingFactor: 2,
    sequenceAxis: 2,
    featureAxis: 1,
  }),
  layers.layerNormalization({ epsilon: 1e-5, center: false }),
  layers.rmsNormalization({ axis: [-2, -1], epsilon: 1e-5 }),
  layers.masking({ maskValue: -1 }),
  layers.normalization({ axis: [1, 2], mean: [1, 2], variance: [3, 4], invert: true }),
  layers.softmax({ axis: 1 }),
  layers.reLU({ maxValue: 6, negativeSlope: 0.1, threshold: 0.5 }),
  layers.leakyReLU({ alpha: 0.1 }),
  layers.elu({ alpha: 2 }),
  layers.prelu({ sharedAxes: [1], alphaInitializer: "ones" }),
  layers.gaussianNoise({ stddev: 0.5, seed: 1 }),
  layers.gaussianDropout({ rate: 0.5, seed: 1 }),
  layers.flatten({ inputShape: [2, 3] }),
  layers.reshape({ targetShape: [3, -1] }),
  layers.repeatVector({ n: 3 }),
  layers.permute({ dims: [2, 1] }),
  layers.simpleRNN(recurrent),
  layers.lstm({ ...recurrent, recurrentActivation: "hardSigmoid", unitForgetBias: false }),
  layers.gru({ ...recurrent, recurrentActivation: "hardSigmoid", resetAfter: false }),
  layers.bidirectional({ layer: layers.gru({ units: 3 }), mergeMode: "ave" }),
  layers.rnn({ ...sequential, cell: new LongShortTerm({ units: 3, trainable: false }) }),
  layers.stackedRNN({ layer: layers.gru({ units: 3 }), numLayers: 2, dropout: 0.1, seed: 2 }),
  layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
  layers.multiHeadAttention({
    ...{ numHeads: 2, keyDim: 3, valueDim: 4, outputShape: 5, attentionAxes: 1, slidingWindow: 2 },
    ...{ dropout: 0.1, useBias: false, useGate: true, kernelRegularizer: "l2", seed: 3 },
  }),
  layers.groupedQueryAttention({
    headDim: 3,
    numQueryHeads: 4,
    numKeyValueHeads: 2,
    useGate: true,
  }),
  layers.attention({ useScale: true, scoreMode: "concat", dropout: 0.1, seed: 2 }),
  layers.additiveAttention({ useScale: false }),
  layers.transformerEncoder({ intermediateDim: 5, numHeads: 2, activation: "gelu", dropout: 0.1 }),
  layers.transformerDecoder({
    ...{ intermediateDim: 5, numHeads: 2, feedForward: "swiglu", normalizeFirst: true },
    ...{ layerNormEpsilon: 1e-6, useBias: false, activityRegularizer: "l2" },
  }),
  layers.add(),
  layers.subtract(),
  layers.multiply(),
  layers.average(),
  layers.maximum(),
  layers.minimum(),
  layers.concatenate({ axis: 1 }),
  layers.dot({ axes: [2, 1], normalize: true }),
];

const step = {
  units: 4,
  activation: "relu",
  useBias: false,
  biasInitializer: "ones",
  kernelRegularizer: "l1",
  recurrentConstraint: "nonNeg",
  clip: 3,
  implementation: 1,
  dropout: 0.1,
  recurrentDropout: 0.2,
  seed: 5,
  trainable: false,
} as const;

const peeping = {
  projSize: 2,
  projectionInitializer: "ones",
  cellClip: 3,
  usePeepholes: true,
  peepholeInitializer: "ones",
  unitForgetBias: false,
} as const;

const cells: RNNCell[] = [
  layers.simpleRNNCell(step),
  layers.lstmCell({ ...step, ...peeping, recurrentActivation: "hardSigmoid" }),
  layers.gruCell({ ...step, recurrentActivation: "hardSigmoid", resetAfter: false }),
  layers.stackedRNNCells({ cells: [layers.gruCell({ units: 2 }), layers.lstmCell({ units: 3 })] }),
];

describe("configs of cells", () => {
  test.each(cells.map((cell) => [cell.getClassName(), cell] as const))(
    "of %s are plain data that make the same cell",
    (_name, cell) => {
      const again = deserializeCell(JSON.parse(JSON.stringify(serializeCell(cell))));
      expect(again.constructor).toBe(cell.constructor);
      expect(again.getConfig()).toEqual(cell.getConfig());
    },
  );

  test("carry what was given, in the layers too", () => {
    const { trainable: _, ...given } = step;
    const regularizer = { className: "L1L2", config: { l1: 0.01, l2: 0 } };
    const expected = {
      ...{ ...given, ...peeping, kernelRegularizer: regularizer },
      biasInitializer: { className: "Ones", config: {} },
      recurrentConstraint: { className: "NonNeg", config: {} },
      projectionInitializer: { className: "Ones", config: {} },
      peepholeInitializer: { className: "Ones", config: {} },
    };
    expect(layers.lstm({ ...step, ...peeping }).getConfig()).toMatchObject(expected);
    expect(layers.lstmCell({ ...step, ...peeping }).getConfig()).toMatchObject(expected);
  });
});

describe("configs", () => {
  test.each(all.map((layer) => [layer.getClassName(), layer] as const))(
    "of %s are plain data that make the same layer",
    (_name, layer) => {
      const described = JSON.parse(JSON.stringify(serializeLayer(layer)));
      const again = deserializeLayer(described);
      expect(again.getClassName()).toBe(layer.getClassName());
      expect(again.getConfig()).toEqual(layer.getConfig());
      expect(again.constructor).toBe(layer.constructor);
    },
  );

  test("there is one for every layer", () => {
    const special = ["Layer", "RNNCell", "input", "spatialDropout1d"];
    const makers = Object.keys(layers).filter(
      (name) => !special.includes(name) && !/Cells?$/.test(name),
    );
    expect(all).toHaveLength(makers.length);
    expect(new Set(all.map((layer) => layer.getClassName())).size).toBe(all.length);
  });

  test("carry what was given", () => {
    const config = layers.lstm({ ...recurrent, recurrentActivation: "hard_sigmoid" }).getConfig();
    expect(config).toMatchObject({
      ...recurrent,
      recurrentActivation: "hardSigmoid",
      unitForgetBias: true,
      kernelInitializer: { className: "HeNormal", config: { seed: 3 } },
      recurrentInitializer: { className: "Identity", config: { gain: 1 } },
      biasInitializer: { className: "Ones", config: {} },
      kernelRegularizer: { className: "L1L2", config: { l1: 0.1, l2: 0 } },
      recurrentRegularizer: { className: "L1L2", config: { l1: 0, l2: 0.01 } },
      biasRegularizer: { className: "L1L2", config: { l1: 0.01, l2: 0 } },
      activityRegularizer: { className: "L1L2", config: { l1: 0, l2: 0.01 } },
    });
  });

  test("have Keras 3's defaults", () => {
    expect(layers.lstm({ units: 1 }).getConfig()).toMatchObject({
      activation: "tanh",
      recurrentActivation: "sigmoid",
      useBias: true,
      unitForgetBias: true,
      kernelInitializer: { className: "GlorotUniform" },
      recurrentInitializer: { className: "Orthogonal" },
      biasInitializer: { className: "Zeros" },
      dropout: 0,
      recurrentDropout: 0,
      returnSequences: false,
      returnState: false,
      goBackwards: false,
      stateful: false,
    });
    expect(layers.gru({ units: 1 }).getConfig()).toMatchObject({ resetAfter: true });
    expect(layers.layerNormalization().getConfig()).toMatchObject({ epsilon: 1e-3 });
    expect(layers.embedding({ inputDim: 2, outputDim: 1 }).getConfig()).toMatchObject({
      embeddingsInitializer: {
        className: "RandomUniform",
        config: { minval: -0.05, maxval: 0.05 },
      },
    });
  });

  test("of a class of one's own come back once it is registered", () => {
    class Noise extends layers.Layer {
      static override readonly className = "NoiseOfATest";
    }
    const described = serializeLayer(new Noise({ name: "n" }));
    expect(() => deserializeLayer(described)).toThrow(/no class "NoiseOfATest"/);
    registerClass(Noise);
    registerClass(Noise);
    expect(deserializeLayer(described)).toBeInstanceOf(Noise);
    class Other extends layers.Layer {
      static override readonly className = "NoiseOfATest";
    }
    expect(() => registerClass(Other)).toThrow(ArgumentError);
  });

  test("names count up by class", () => {
    const [first, second] = [layers.simpleRNN({ units: 1 }), layers.simpleRNN({ units: 1 })];
    const number = (layer: AnyLayer) => Number(/^simple_rnn_(\d+)$/.exec(layer.name)?.[1]);
    expect(number(second)).toBe(number(first) + 1);
  });
});
