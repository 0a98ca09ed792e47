import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { InferenceSession, Tensor } from "onnxruntime-web";

/** One ONNX operator with its inputs, float32 all; a name that is absent is left out of the node. */
export interface OnnxNode {
  readonly op: string;
  /** In the operator's order; null for an optional one that is not given. */
  readonly inputs: readonly ({
    readonly shape: readonly number[];
    readonly values: Float32Array;
  } | null)[];
  readonly outputs: number;
  readonly attributes: Readonly<Record<string, number | string>>;
}

/** Runs the operator on onnxruntime's CPU (wasm) and gives its outputs. */
export async function runOnnx(node: OnnxNode): Promise<Float32Array[]> {
  const session = await InferenceSession.create(modelBytes(node), { executionProviders: ["wasm"] });
  const feeds: Record<string, Tensor> = {};
  node.inputs.forEach((input, i) => {
    if (input) feeds[`x${i}`] = new Tensor("float32", input.values, [...input.shape]);
  });
  const results = await session.run(feeds);
  await session.release();
  return Array.from({ length: node.outputs }, (_, i) => results[`y${i}`]?.data as Float32Array);
}

function modelBytes({ op, inputs, outputs, attributes }: OnnxNode): Uint8Array {
  const graph = create(GraphProtoSchema, {
    name: op,
    node: [
      create(NodeProtoSchema, {
        opType: op,
        input: inputs.map((input, i) => (input ? `x${i}` : "")),
        output: Array.from({ length: outputs }, (_, i) => `y${i}`),
        attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      }),
    ],
    input: inputs.flatMap((input, i) => (input ? [valueInfo(`x${i}`, input.shape)] : [])),
    output: Array.from({ length: outputs }, (_, i) => valueInfo(`y${i}`, null)),
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version: 14n })];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, graph, opsetImport }),
  );
}

/** A whole number is an INT, any other a FLOAT. */
function attributeOf(name: string, value: number | string) {
  if (typeof value === "string") {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.STRING, s });
  }
  return Number.isInteger(value)
    ? create(AttributeProtoSchema, {
        ...{ name, type: AttributeProto_AttributeType.INT, i: BigInt(value) },
      })
    : create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value });
}

function valueInfo(name: string, shape: readonly number[] | null): ValueInfoProto {
  const dim = shape?.map((size) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(size) } }),
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: TensorProto_DataType.FLOAT,
    ...(dim && { shape: create(TensorShapeProtoSchema, { dim }) }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value } });
  return create(ValueInfoProtoSchema, { name, type });
}
