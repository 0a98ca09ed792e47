import { type CompileEnvironment, compilePlan } from "../compiler/compile.ts";
import { type InstanceContext, PlanInstance } from "./plan-instance.ts";
import type { PlanEntry, Program } from "./run.ts";

/**
 * Plans that nobody holds beyond this many, or keys of them beyond this many characters in all, end with the least recently
 * used. Those of compiled functions are held and do not count: however many there are, other plans have their room.
 */
const MOST_PLANS = 256;
const MOST_KEY_CHARACTERS = 32 * 1024 * 1024;

/** Plans by the full text of their graph, so that an uncompiled loop finds its plan again. */
export class PlanCache {
  readonly #entries = new Map<string, PlanEntry>();
  readonly #environment: CompileEnvironment;
  readonly #context: InstanceContext;
  /** Plans that nobody holds, and the characters of their keys. */
  #loose = 0;
  #characters = 0;
  created = 0;
  bindGroups = 0;
  buffers = 0;

  constructor(environment: CompileEnvironment, context: InstanceContext) {
    this.#environment = environment;
    this.#context = context;
  }

  /** The plan of a program: found, or compiled now. @throws whatever the compiler throws. */
  entryOf(program: Program): PlanEntry {
    if (program.entry && !program.entry.isEnded) return program.entry;
    const { key } = program.canonical;
    let entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
    } else {
      const plan = compilePlan(program.request, program.canonical, this.#environment);
      entry = { plan, instance: null, pins: 0, isEnded: false };
      this.created++;
      this.#countLoose(entry, 1);
    }
    this.#entries.set(key, entry);
    program.entry = entry;
    this.#shrink(entry);
    return entry;
  }

  /** The GPU side of a plan. One that there was no memory for is forgotten, so that a later run tries anew. */
  instanceOf(entry: PlanEntry): PlanInstance {
    if (entry.instance) return entry.instance;
    const made = new PlanInstance(entry.plan, this.#context);
    entry.instance = made;
    void made.failure.then((failure) => {
      if (failure && entry.instance === made) this.#drop(entry);
    });
    return made;
  }

  /** Instances made so far count what they made; gone ones are remembered here. */
  counts(): { bindGroups: number; buffers: number } {
    let { bindGroups, buffers } = this;
    for (const { instance } of this.#entries.values()) {
      bindGroups += instance?.bindGroupsCreated ?? 0;
      buffers += instance?.buffersCreated ?? 0;
    }
    return { bindGroups, buffers };
  }

  pin(entry: PlanEntry): void {
    if (entry.pins === 0) this.#countLoose(entry, -1);
    entry.pins++;
  }

  /** @param drop end the plan now if nothing else holds it: nobody will ask for it again. */
  unpin(entry: PlanEntry, drop: boolean): void {
    entry.pins--;
    if (entry.pins === 0) this.#countLoose(entry, 1);
    if (drop && entry.pins === 0) this.#end(entry);
  }

  /** Ends what was not used for longest. Pinned plans stay, whatever their number, and so does `newest`. */
  #shrink(newest: PlanEntry): void {
    for (const entry of this.#entries.values()) {
      const fits = this.#loose <= MOST_PLANS && this.#characters <= MOST_KEY_CHARACTERS;
      if (fits) return;
      if (entry.pins === 0 && entry !== newest) this.#end(entry);
    }
  }

  #end(entry: PlanEntry): void {
    if (entry.isEnded) return;
    if (entry.pins === 0) this.#countLoose(entry, -1);
    entry.isEnded = true;
    this.#entries.delete(entry.plan.key);
    this.#drop(entry);
  }

  #countLoose(entry: PlanEntry, by: 1 | -1): void {
    if (entry.isEnded) return;
    this.#loose += by;
    this.#characters += by * entry.plan.key.length;
  }

  #drop(entry: PlanEntry): void {
    this.bindGroups += entry.instance?.bindGroupsCreated ?? 0;
    this.buffers += entry.instance?.buffersCreated ?? 0;
    entry.instance?.release();
    entry.instance = null;
  }
}
