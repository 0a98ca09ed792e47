/**
 * Element `index` of a list that must have it.
 * @throws {RangeError} when there is none: an index out of bounds is a bug, never a missing value.
 */
export function at<T>(
  list: { readonly [index: number]: T; readonly length: number },
  index: number,
): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`Index ${index} of a list of ${list.length}.`);
  return element;
}
