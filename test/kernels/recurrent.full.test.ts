import { CELLS } from "../recurrent/recurrent-case.ts";
import { describeEconomy, describeLong, describeSizes, MANY, WIDE } from "./recurrent-suite.ts";

describeSizes([...MANY, WIDE]);
describeLong();
describeEconomy(CELLS.filter(({ cell }) => cell === "simpleRNN"));
