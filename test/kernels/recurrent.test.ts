import { CELLS } from "../recurrent/recurrent-case.ts";
import { describeEconomy, describeSizes, SMALL } from "./recurrent-suite.ts";

describeSizes(SMALL);
describeEconomy(CELLS.filter(({ cell }) => cell !== "simpleRNN"));
