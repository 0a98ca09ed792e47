import { doctorings } from "./doctorings.ts";
import { Dice, makeDraft, write } from "./draft-file.ts";

/** A file that was doctored in one way or two; the same for the same number. */
export function doctoredFile(seed: number): { kind: string; file: Buffer } {
  const dice = new Dice(seed);
  const kinds = [dice.of(Object.keys(doctorings))];
  if (dice.below(8) === 0) kinds.push(dice.of(Object.keys(doctorings)));
  const draft = makeDraft(dice);
  const chosen = kinds.flatMap((kind) => doctorings[kind] ?? []);
  for (const doctoring of chosen) if ("draft" in doctoring) doctoring.draft(draft, dice);
  let file = write(draft);
  for (const doctoring of chosen)
    if ("file" in doctoring && file.length > 8) file = Buffer.from(doctoring.file(file, dice));
  return { kind: kinds[0] ?? "", file };
}
