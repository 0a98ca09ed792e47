// Every op on tensors. The public names are chosen in src/index.ts.
import { installMethods } from "../methods.ts";
import { Tensor } from "../tensor.ts";

export * from "./activation.ts";
export * from "./arithmetic.ts";
export * from "./attention.ts";
export * from "./creation.ts";
export * from "./cumulative.ts";
export * from "./einsum.ts";
export * from "./elementary.ts";
export * from "./gather.ts";
export * from "./joining.ts";
export * from "./logical.ts";
export * from "./matrix.ts";
export * from "./movement.ts";
export * from "./normalization.ts";
export {
  dropout,
  multinomial,
  randomNormal,
  randomStandardNormal,
  randomUniform,
  randomUniformInt,
  truncatedNormal,
} from "./random.ts";
export * from "./reduction.ts";
export * from "./scatter.ts";
export * from "./slicing.ts";
export * from "./strided-slice.ts";
export * from "./trigonometry.ts";

installMethods(Tensor);
