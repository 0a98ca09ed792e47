import { describe, expect, test } from "vitest";
import { pendingHealth } from "../../src/runtime/health.ts";
import type { Move } from "../../src/runtime/move.ts";
import { type QueueHost, RunQueue } from "../../src/runtime/run-queue.ts";
import { collectGarbage } from "../helpers/garbage.ts";

const nothing = (): never => {
  throw new Error("not expected here");
};

/** A host whose device cannot move anything. */
function brokenHost(unbound: { push(task: unknown): unknown }): QueueHost {
  return {
    start: () => Promise.resolve(),
    instanceOf: nothing,
    pin: nothing,
    unpin: nothing,
    context: () => {
      throw new Error("no context");
    },
    unbind: (task) => unbound.push(task),
  };
}

function move(): Move & { health: Promise<Error | null> } {
  return { kind: "move", parts: [], upstream: [], ...pendingHealth() };
}

describe("run queue", () => {
  test("a move that throws fails alone: what it held is let go, and the queue goes on", async () => {
    const unbound: unknown[] = [];
    const queue = new RunQueue(brokenHost(unbound));
    const moves = [move(), move()];
    for (const one of moves) queue.push(one);
    expect(await moves[0]?.health).toMatchObject({ message: "no context" });
    expect(await moves[1]?.health).toMatchObject({ message: "no context" });
    await queue.drained();
    expect(unbound).toEqual(moves);
  });

  test("holds nothing of what is through", async () => {
    const queue = new RunQueue(brokenHost({ push: () => 0 }));
    const push = (): WeakRef<Move> => {
      const one = move();
      queue.push(one);
      return new WeakRef(one);
    };
    const pushed = Array.from({ length: 100 }, push);
    await queue.drained();
    await new Promise((resolve) => setTimeout(resolve)); // weak references hold until their turn is over
    collectGarbage();
    expect(pushed.filter((one) => one.deref() !== undefined)).toHaveLength(0);
  });
});
