/**
 * Milliseconds of a reduction, as a user calls it: a compiled function, replayed.
 *
 *     node tools/run.mjs bench/reduce.ts [--cpu-time]
 *
 * The adapter is the system's; SLUICE_ADAPTER=swiftshader or VK_DRIVER_FILES choose another. Each figure is the
 * best of several runs. With --cpu-time, software adapters are measured by the processor time that this process
 * used, which other load on the machine does not change.
 */
import * as sl from "sluice";

const ROUNDS = 7;
const ROUND_MS = 60;

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly run: (x: sl.Tensor) => sl.Tensor;
}

const CASES: readonly Case[] = [
  { name: "one number", shape: [1], run: (x) => x.sum() },
  { name: "a loss of 32", shape: [32], run: (x) => x.square().mean() },
  { name: "a loss of 4,000", shape: [4000], run: (x) => x.square().mean() },
  { name: "a loss of 8,000", shape: [8000], run: (x) => x.square().mean() },
  { name: "a loss of 16,000", shape: [16000], run: (x) => x.square().mean() },
  { name: "short rows", shape: [16384, 16], run: (x) => x.sum(-1) },
  { name: "rows of 512", shape: [2048, 512], run: (x) => x.sum(-1) },
  { name: "rows of 4,000", shape: [256, 4000], run: (x) => x.sum(-1) },
  { name: "argMax of rows", shape: [2048, 512], run: (x) => x.argMax(-1) },
  { name: "bias gradient", shape: [2048, 512], run: (x) => x.sum(0) },
  { name: "long bias gradient", shape: [16000, 64], run: (x) => x.sum(0) },
  { name: "over time", shape: [32, 64, 128], run: (x) => x.mean(1) },
  { name: "a million", shape: [1_000_000], run: (x) => x.sum() },
  { name: "ten million", shape: [10_000_000], run: (x) => x.sum() },
  { name: "argMax, a million", shape: [1000, 1000], run: (x) => x.reshape([1_000_000]).argMax() },
];

const useCpuTime = process.argv.includes("--cpu-time");
const now = (): number => {
  if (!useCpuTime) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
await sl.init();
console.log(`${sl.adapterName()}; ${useCpuTime ? "processor time" : "wall time"}`);
for (const one of CASES) console.log(await measure(one));

async function measure({ name, shape, run }: Case): Promise<string> {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  const x = sl.variable(sl.tensor(data, shape), false);
  const step = sl.compile(() => run(x));
  const repeat = async (times: number): Promise<number> => {
    const start = now();
    let last = step();
    for (let i = 1; i < times; i++) last = step();
    await last.data();
    return now() - start;
  };
  await repeat(1);
  const first = await repeat(3);
  const times = Math.max(1, Math.min(300, Math.round((3 * ROUND_MS) / Math.max(0.05, first))));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) best = Math.min(best, (await repeat(times)) / times);
  step.dispose();
  x.dispose();
  return `${name.padEnd(20)}${`[${shape.join()}]`.padEnd(16)}${best.toFixed(3).padStart(10)} ms`;
}
