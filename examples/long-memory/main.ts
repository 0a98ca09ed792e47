/**
 * How far back SimpleRNN, LSTM and GRU remember: the adding problem over 200 steps, and copy memory with a lag of 20.
 *
 *     npm run example:long-memory -- --help
 */
import * as sl from "sluice";
import { runProgram } from "../shared/program.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import { adding, copyMemory, type Task } from "./tasks.ts";
import { type Cell, createModel, train } from "./train.ts";

await runProgram({ help: HELP, parseFlags, run: runTasks });

async function runTasks(flags: Flags): Promise<number> {
  await sl.init();
  console.log(`Adapter  ${sl.adapterName()}`);
  for (const name of flags.tasks) {
    const task = name === "adding" ? adding(flags.steps) : copyMemory(flags.lag);
    console.log(`\n${task.name}: ${task.figure}, ${task.baseline.toFixed(3)} without memory`);
    for (const cell of flags.cells) {
      for (const seed of flags.seeds) await run(task, { cell, seed, flags });
    }
  }
  return 0;
}

async function run(
  task: Task,
  { cell, seed, flags }: { cell: Cell; seed: number; flags: Flags },
): Promise<void> {
  sl.setSeed(seed);
  const model = createModel(task, cell);
  const show = (done: number, figure: number): void =>
    console.log(`    ${String(done).padStart(6)}  ${figure.toFixed(4)}`);
  const { updates, isSolved, figure, seconds } = await train(model, task, {
    seed,
    updates: flags.updates,
    ...(flags.trace && { onRound: show }),
  });
  model.dispose();
  const verdict = isSolved ? "solved after" : "not solved in";
  console.log(
    `  ${cell.padEnd(9)}  seed ${seed}  ${verdict.padEnd(13)} ${String(updates).padStart(5)} updates  ` +
      `${figure.toFixed(4)}  ${seconds.toFixed(0)} s`,
  );
}
