import { describe } from "vitest";
import { describeLaws } from "./laws.ts";

describe("laws of recurrent layers", () => {
  describeLaws({ numRuns: 2 });
});
