import { toBlob } from "./blob.ts";
import { type ModelStore, writeOnly } from "./store.ts";

/** How long the address of a download stays valid: until a person has answered the browser's question where to. */
const ADDRESS_LASTS_MS = 60_000;

export function hasDownloads(): boolean {
  return typeof document !== "undefined";
}

/** A file that the browser saves where its user wants it. A name without an ending gets `.safetensors`. */
export function downloadStore(given: string): ModelStore {
  const fileName = /\.[^./]+$/.test(given) ? given : `${given}.safetensors`;
  const name = `downloads://${fileName}`;
  return {
    name,
    write: async (bytes) => {
      const address = URL.createObjectURL(toBlob(bytes));
      const link = document.createElement("a");
      link.href = address;
      link.download = fileName;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), ADDRESS_LASTS_MS);
    },
    ...writeOnly(name, "Give the File that its user chose (an <input type=file>) instead."),
  };
}
