import { checkKeys, type KeyRules } from "../names/check-keys.ts";
import { deserializeAs, ownClassName, type Serialized } from "../names/class-registry.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import { Constant, Identity, Ones, Zeros } from "./constant.ts";
import { FunctionInitializer, type InitializerFunction } from "./function-initializer.ts";
import { Initializer, type SeedConfig } from "./initializer.ts";
import { Orthogonal, type OrthogonalConfig } from "./orthogonal.ts";
import {
  type NormalConfig,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  type UniformConfig,
} from "./random.ts";
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
  type VarianceScalingConfig,
} from "./variance-scaling.ts";

export { Initializer } from "./initializer.ts";

const classes = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  identity: Identity,
  randomUniform: RandomUniform,
  randomNormal: RandomNormal,
  truncatedNormal: TruncatedNormal,
  varianceScaling: VarianceScaling,
  glorotUniform: GlorotUniform,
  glorotNormal: GlorotNormal,
  heUniform: HeUniform,
  heNormal: HeNormal,
  lecunUniform: LecunUniform,
  lecunNormal: LecunNormal,
  orthogonal: Orthogonal,
} as const;

const names = Object.keys(classes) as (keyof typeof classes)[];
const options = {
  what: "initializer",
  aliases: {
    uniform: "randomUniform",
    normal: "randomNormal",
    zero: "zeros",
    one: "ones",
    xavierUniform: "glorotUniform",
    xavierNormal: "glorotNormal",
    kaimingUniform: "heUniform",
    kaimingNormal: "heNormal",
  },
} as const;

/** Names that a config may give for an initializer. */
export type InitializerName =
  | Spelled<keyof typeof classes>
  | "uniform"
  | "normal"
  | "leCunUniform"
  | "leCunNormal";

/**
 * What a config takes as an initializer: a name, an object, what `getConfig()` gave, or a function that gives a tensor
 * of the shape.
 */
export type InitializerLike = InitializerName | Initializer | Serialized | InitializerFunction;

interface InitializerClass {
  readonly className: string;
  new (config: Record<string, unknown>): Initializer;
}

/**
 * The initializer that a config means.
 * @throws {ArgumentError} for an unknown name or class.
 */
export function getInitializer(given: InitializerLike): Initializer {
  if (given instanceof Initializer) return given;
  if (typeof given === "function") return new FunctionInitializer(given);
  if (typeof given === "string") return new classes[resolveName(given, names, options)]();
  const makers: readonly InitializerClass[] = Object.values(classes);
  const known = makers.find((one) => one.className === given.className);
  if (known !== undefined) return new known(given.config);
  const expected = { what: "initializer", base: Initializer, baseName: "initializers.Initializer" };
  return deserializeAs(given, { ...expected, known: names });
}

/** The initializer as plain data. */
export function serializeInitializer(initializer: Initializer): Serialized {
  const config = { ...initializer.getConfig() };
  return { className: ownClassName(initializer, Initializer, "initializer"), config };
}

const seedOnly: KeyRules = { seed: "number" };

/** The config once all its keys are known to be read; absent stays absent. */
function checked<Config>(
  maker: string,
  config: Config | undefined,
  keys: KeyRules,
): Config | undefined {
  if (config !== undefined) checkKeys(`initializers.${maker}`, config, keys);
  return config;
}

/**
 * Makers of initializers: first values of weights. All compute on the host from the shape and a
 * seed, so that they are the same on every adapter; without a `seed` they draw one from that of
 * `setSeed`.
 *
 * @example
 * const layer = sl.layers.dense({
 *   units: 4,
 *   kernelInitializer: sl.initializers.heNormal({ seed: 7 }),
 *   biasInitializer: "ones",
 * });
 */
export const initializers = {
  /** Base class of initializers of your own; they are saved once `serialization.registerClass` knows them. */
  Initializer,
  /** Zeros. */
  zeros: (): Zeros => new Zeros(),
  /** Ones. */
  ones: (): Ones => new Ones(),
  /** `value` everywhere; 0 by default. */
  constant: (config?: { readonly value?: number }): Constant =>
    new Constant(checked("constant", config, { value: "number" })),
  /** `gain` (1) on the diagonal of a matrix, zeros elsewhere. */
  identity: (config?: { readonly gain?: number }): Identity =>
    new Identity(checked("identity", config, { gain: "number" })),
  /** Uniform from `minval` (-0.05) to `maxval` (0.05). */
  randomUniform: (config?: UniformConfig): RandomUniform =>
    new RandomUniform(
      checked("randomUniform", config, { minval: "number", maxval: "number", seed: "number" }),
    ),
  /** Normal of `mean` (0) and `stddev` (0.05). */
  randomNormal: (config?: NormalConfig): RandomNormal =>
    new RandomNormal(
      checked("randomNormal", config, { mean: "number", stddev: "number", seed: "number" }),
    ),
  /** Normal, cut off at two standard deviations. */
  truncatedNormal: (config?: NormalConfig): TruncatedNormal =>
    new TruncatedNormal(
      checked("truncatedNormal", config, { mean: "number", stddev: "number", seed: "number" }),
    ),
  /** Variance `scale` (1) divided by the fan that `mode` (`"fanIn"`) names. */
  varianceScaling: (config?: VarianceScalingConfig): VarianceScaling =>
    new VarianceScaling(
      checked("varianceScaling", config, {
        scale: "number",
        mode: "string",
        distribution: "string",
        seed: "number",
      }),
    ),
  /** Uniform in ±√(6 / (fanIn + fanOut)); the default of kernels. */
  glorotUniform: (config?: SeedConfig): GlorotUniform =>
    new GlorotUniform(checked("glorotUniform", config, seedOnly)),
  /** Truncated normal of variance 2 / (fanIn + fanOut). */
  glorotNormal: (config?: SeedConfig): GlorotNormal =>
    new GlorotNormal(checked("glorotNormal", config, seedOnly)),
  /** Uniform in ±√(6 / fanIn). */
  heUniform: (config?: SeedConfig): HeUniform =>
    new HeUniform(checked("heUniform", config, seedOnly)),
  /** Truncated normal of variance 2 / fanIn. */
  heNormal: (config?: SeedConfig): HeNormal => new HeNormal(checked("heNormal", config, seedOnly)),
  /** Uniform in ±√(3 / fanIn). */
  lecunUniform: (config?: SeedConfig): LecunUniform =>
    new LecunUniform(checked("lecunUniform", config, seedOnly)),
  /** Truncated normal of variance 1 / fanIn. */
  lecunNormal: (config?: SeedConfig): LecunNormal =>
    new LecunNormal(checked("lecunNormal", config, seedOnly)),
  /** `lecunUniform`, as TF.js spells it. */
  leCunUniform: (config?: SeedConfig): LecunUniform => initializers.lecunUniform(config),
  /** `lecunNormal`, as TF.js spells it. */
  leCunNormal: (config?: SeedConfig): LecunNormal => initializers.lecunNormal(config),
  /** Orthonormal rows or columns, times `gain` (1); the default of recurrent kernels. */
  orthogonal: (config?: OrthogonalConfig): Orthogonal =>
    new Orthogonal(checked("orthogonal", config, { gain: "number", seed: "number" })),
} as const;
