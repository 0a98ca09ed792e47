import { CELLS } from "../recurrent/recurrent-case.ts";
import { describeChunks, describeEconomy, describeSizes, SMALL } from "./recurrent-suite.ts";

describeSizes(SMALL);
describeChunks();
describeEconomy(CELLS.filter(({ cell }) => cell !== "simpleRNN"));
