import type { Row } from "./row.ts";
import { activationRows } from "./rows/activation.ts";
import { attentionRows } from "./rows/attention.ts";
import { creationRows } from "./rows/creation.ts";
import { elementwiseRows } from "./rows/elementwise.ts";
import { joiningRows } from "./rows/joining.ts";
import { logicalRows } from "./rows/logical.ts";
import { matrixRows } from "./rows/matrix.ts";
import { movementRows } from "./rows/movement.ts";
import { reductionRows } from "./rows/reduction.ts";
import { scatterRows } from "./rows/scatter.ts";

/** Every public op, and what it is tried on. A public op without a row fails the suite. */
export const opTable: Readonly<Record<string, Row>> = {
  ...activationRows,
  ...attentionRows,
  ...creationRows,
  ...elementwiseRows,
  ...joiningRows,
  ...logicalRows,
  ...matrixRows,
  ...movementRows,
  ...reductionRows,
  ...scatterRows,
};
