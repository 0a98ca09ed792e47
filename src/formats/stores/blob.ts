/** What `save` gives where it has no target: a file's content, to be sent, stored or offered as a link. */
export function toBlob(bytes: Uint8Array): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" });
}
