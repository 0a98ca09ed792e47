import { describe, expect, test } from "vitest";
import { SubmitGate } from "../../src/gpu/submission.ts";
import { newTestDevice, testDevice } from "../helpers/adapter.ts";

/** A queue whose work ends when the test says so. */
function fakeQueue() {
  const endings: { finish: () => void; fail: () => void }[] = [];
  const submitted: number[] = [];
  const queue = {
    submit: (buffers: readonly GPUCommandBuffer[]) => submitted.push(buffers.length),
    onSubmittedWorkDone: () =>
      new Promise<void>((resolve, reject) => {
        endings.push({ finish: resolve, fail: () => reject(new Error("lost")) });
      }),
  };
  return { queue: queue as unknown as GPUQueue, endings, submitted };
}

/** Whether a promise is settled now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  const open = Symbol("open");
  await new Promise((resolve) => setTimeout(resolve));
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe("submit gate", () => {
  test("is free below its bound and tells when it is again", async () => {
    const { queue, endings, submitted } = fakeQueue();
    const gate = new SubmitGate(queue, 2);
    gate.submit([]);
    expect(gate.free).toBe(true);
    gate.submit([]);
    expect([gate.free, gate.inFlight]).toEqual([false, 2]);
    const free = gate.whenFree();
    const idle = gate.idle();
    expect(await isSettled(free)).toBe(false);
    endings[0]?.finish();
    expect(await isSettled(free)).toBe(true);
    expect(await isSettled(idle)).toBe(false);
    endings[1]?.finish();
    expect(await isSettled(idle)).toBe(true);
    expect([gate.inFlight, submitted]).toEqual([0, [0, 0]]);
  });

  test("waits in idle for what was submitted before, not for what comes meanwhile", async () => {
    const { queue, endings } = fakeQueue();
    const gate = new SubmitGate(queue);
    gate.submit([]);
    const idle = gate.idle();
    gate.submit([]);
    expect(await isSettled(idle)).toBe(false);
    endings[0]?.finish();
    expect(await isSettled(idle)).toBe(true);
    expect(await isSettled(gate.idle())).toBe(false);
    endings[1]?.finish();
    expect(await isSettled(gate.idle())).toBe(true);
  });

  test("lets everybody go when the device is lost", async () => {
    const { queue, endings } = fakeQueue();
    const gate = new SubmitGate(queue, 1);
    gate.submit([]);
    const free = gate.whenFree();
    endings[0]?.fail();
    expect(await isSettled(free)).toBe(true);
    expect(gate.inFlight).toBe(0);
  });

  test("counts down on a device", async () => {
    const { device } = await testDevice();
    const gate = new SubmitGate(device.queue);
    for (let count = 0; count < 6; count += 1)
      gate.submit([device.createCommandEncoder().finish()]);
    expect([gate.free, gate.inFlight]).toEqual([false, 6]);
    await gate.whenFree();
    expect(gate.inFlight).toBeLessThan(4);
    await gate.idle();
    expect(gate.inFlight).toBe(0);
  });

  test("does not hang on a device that is destroyed", async () => {
    const doomed = await newTestDevice();
    const gate = new SubmitGate(doomed.device.queue, 1);
    gate.submit([doomed.device.createCommandEncoder().finish()]);
    doomed.destroy();
    await gate.idle();
    expect(gate.free).toBe(true);
  });
});
