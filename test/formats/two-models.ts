import { encodeSafetensors } from "../../src/formats/index.ts";
import { randomFloats } from "../helpers/random-values.ts";

const MEGA = 2 ** 20;

/** Two files of different size, 2 and 3 MiB. */
export const contents: readonly Uint8Array[] = [
  encodeSafetensors([
    { name: "w", dtype: "float32", shape: [MEGA / 2], data: randomFloats(MEGA / 2, 1) },
  ]),
  encodeSafetensors(
    [
      { name: "v", dtype: "float32", shape: [MEGA / 2], data: randomFloats(MEGA / 2, 2) },
      { name: "w", dtype: "float32", shape: [MEGA / 4], data: randomFloats(MEGA / 4, 3) },
    ],
    { epoch: "5" },
  ),
];
