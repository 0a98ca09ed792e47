import { openStore } from "../../../src/formats/index.ts";
import { contents } from "../two-models.ts";

/** Saves two models to one path in turns until it is killed; says when the first save begins. */
const store = openStore(process.argv[2] ?? "");
process.stdout.write("ready\n");
for (let i = Number(process.argv[3]); ; i++) {
  const content = contents[i % 2];
  if (content !== undefined) await store.write(content);
}
