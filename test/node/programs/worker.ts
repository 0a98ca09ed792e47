import { isMainThread, Worker } from "node:worker_threads";
import { acquireDevice } from "../../../src/gpu/device.ts";
import { platform } from "../../../src/node/platform.ts";

/** The main thread takes a device, then a worker thread takes another; both print their adapter. */
const { adapterName } = await acquireDevice(platform);
console.log(`${isMainThread ? "main" : "worker"}: ${adapterName}`);
if (isMainThread) new Worker(new URL(import.meta.url));
