/** Files of models: their format, and the places that hold them. */
export * as io from "./io.ts";
export { decodeSafetensors, type StoredTensor, type StoredTensors } from "./safetensors/decode.ts";
export type { StoredDType } from "./safetensors/dtypes.ts";
export { encodeSafetensors, type Metadata } from "./safetensors/encode.ts";
export { type HostTensor, toHostTensor } from "./safetensors/host-tensor.ts";
export { toBlob } from "./stores/blob.ts";
export type { Bytes, ModelHandler } from "./stores/given.ts";
export { openStore, type StoreTarget } from "./stores/open-store.ts";
export type { ModelInfo, ModelStore } from "./stores/store.ts";
