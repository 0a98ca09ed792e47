import { expect, test } from "vitest";
import { doctorings } from "./doctorings.ts";
import { openDoctoredFiles } from "./fuzz.ts";

const CASES = 20_000;
const MIB = 2 ** 20;

test(`${CASES} doctored files are opened as they are, or refused with a FormatError`, () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000_000);
  console.log(`safetensors fuzz: SLUICE_FUZZ_SEED=${seed}`);
  openDoctoredFiles({ cases: 500, seed });
  const before = process.memoryUsage();
  const tallies = [...openDoctoredFiles({ cases: CASES, seed })];
  const after = process.memoryUsage();

  const valid = tallies.reduce((sum, [, tally]) => sum + tally.valid, 0);
  console.log(`safetensors fuzz: ${valid} of ${CASES} files were valid`);
  // Both answers have to be met often, and every kind of doctoring; otherwise the run shows nothing.
  expect(valid).toBeGreaterThan(CASES / 10);
  expect(valid).toBeLessThan(CASES / 2);
  for (const [kind, { valid, refused }] of tallies) {
    expect(valid + refused, kind).toBeGreaterThan(CASES / Object.keys(doctorings).length / 2);
  }
  // Files claim tensors of up to 2^53 bytes. The files themselves are gone with the next collection.
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(256 * MIB);
  expect(after.rss - before.rss).toBeLessThan(512 * MIB);
});
