"""Writes onnx-recurrent.json: /usr/bin/python3 test/golden/onnx_recurrent.py

The node tests of RNN, LSTM and GRU that ONNX 1.12 publishes (licence Apache 2.0), as Debian's
package libonnx-testdata 1.12.0-2 has them, under the names that the operators give their inputs
and outputs. Read with Python's standard library alone; field numbers are those of onnx/onnx.proto.
"""

import json
import pathlib
import struct

DATA = pathlib.Path("/usr/share/libonnx-testdata/data/node")
INPUTS = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
OUTPUTS = ["Y", "Y_h", "Y_c"]
FLOAT, INT32, INT64 = 1, 6, 7


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Number -> list of contents: numbers, or bytes of what has a length."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            content, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                assert kind == 2, f"wire type {kind}"
                size, at = varint(data, at)
            content, at = data[at : at + size], at + size
        found.setdefault(key >> 3, []).append(content)
    return found


def texts(contents):
    return [content.decode() for content in contents]


def integers(contents):
    """A repeated integer field, packed or not."""
    numbers = []
    for content in contents:
        if isinstance(content, int):
            numbers.append(content)
            continue
        at = 0
        while at < len(content):
            value, at = varint(content, at)
            numbers.append(value)
    return numbers


def tensor(data):
    """TensorProto: dims 1, data_type 2, float_data 4, int32_data 5, int64_data 7, raw_data 9."""
    proto = fields(data)
    shape, kind = integers(proto.get(1, [])), proto[2][0]
    if 9 in proto:
        raw = proto[9][0]
        code = {FLOAT: "f", INT32: "i", INT64: "q"}[kind]
        values = struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw)
    elif kind == FLOAT:
        raw = b"".join(proto.get(4, []))
        values = struct.unpack(f"<{len(raw) // 4}f", raw)
    else:
        values = integers(proto.get(5 if kind == INT32 else 7, []))
    size = 1
    for length in shape:
        size *= length
    assert len(values) == size, (shape, len(values))
    if kind == FLOAT:
        values = [float(f"{value:.9g}") for value in values]
    return {"shape": shape, "values": list(values)}


def attribute(data):
    """AttributeProto: name 1, i 3, s 4, strings 9."""
    proto = fields(data)
    (name,) = texts(proto[1])
    if 3 in proto:
        return name, proto[3][0]
    return name, proto[4][0].decode() if 4 in proto else texts(proto[9])


def case(folder):
    """ModelProto: graph 7. GraphProto: node 1, input 11, output 12.

    NodeProto: input 1, output 2, op_type 4, attribute 5. ValueInfoProto: name 1.
    """
    graph = fields(fields((folder / "model.onnx").read_bytes())[7][0])
    (node,) = map(fields, graph[1])
    (op,) = texts(node[4])
    data = folder / "test_data_set_0"

    def read(kind, field):
        names = [texts(fields(value)[1])[0] for value in graph[field]]
        files = [data / f"{kind}_{i}.pb" for i in range(len(names))]
        return {name: tensor(file.read_bytes()) for name, file in zip(names, files)}

    given, wanted = read("input", 11), read("output", 12)
    inputs = {formal: given[name] for formal, name in zip(INPUTS, texts(node[1])) if name}
    outputs = {formal: wanted[name] for formal, name in zip(OUTPUTS, texts(node[2])) if name}
    attributes = dict(map(attribute, node.get(5, [])))
    name = folder.name.removeprefix("test_")
    return {"name": name, "op": op, "attributes": attributes, "inputs": inputs, "outputs": outputs}


def main():
    kinds = ("rnn", "simple_rnn", "lstm", "gru")
    folders = sorted(path for kind in kinds for path in DATA.glob(f"test_{kind}_*"))
    if len(folders) != 12:
        raise SystemExit(f"{DATA} has {len(folders)} of 12 cases: apt install libonnx-testdata")
    lines = ",\n".join(json.dumps(case(folder), separators=(",", ":")) for folder in folders)
    source = "ONNX 1.12.0 node tests (Debian libonnx-testdata), test/golden/onnx_recurrent.py"
    text = f'{{"format":1,"source":"{source}","cases":[\n{lines}\n]}}\n'
    (pathlib.Path(__file__).parent / "onnx-recurrent.json").write_text(text)
    print(f"onnx-recurrent.json: {len(folders)} cases, {len(text) / 1024:.1f} KiB")


if __name__ == "__main__":
    main()
