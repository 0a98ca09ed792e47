// What a consumer whose types know WebGPU writes: the library's names for it are then the same types.
import * as sl from "sluice";

export async function share(device: GPUDevice, samples: GPUBuffer): Promise<GPUBindGroupEntry> {
  await sl.init({ device });
  const x = sl.Tensor.fromBuffer(samples, [1000, 1]);
  const resource = await x.mul(2).buffer();
  const whole: GPUBuffer = resource.buffer;
  return { binding: whole.size > 0 ? 0 : 1, resource };
}
// @ts-expect-error: no device.
export const noDevice = sl.init({ device: {} });
// @ts-expect-error: no buffer.
sl.Tensor.fromBuffer({ size: 4, usage: 128 }, [1]);
