// TEMPORARY STUB until the kernel is written: marks the op for expansion into its reference.
const stub = (): never => { throw new Error("stub"); };
(stub as unknown as { isStub: boolean }).isStub = true;
export const lowerSparseCrossEntropy = stub;
export const lowerSparseCrossEntropyGradient = stub;
