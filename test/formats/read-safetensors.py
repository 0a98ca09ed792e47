"""Reads a file by the rules of the safetensors format, and only by them: python3 read-safetensors.py FILE

Prints what it holds as JSON: metadata, and for each tensor its dtype, shape and values as hexadecimal floats. It uses
Python's standard library only, and stops with an exception where the file breaks a rule.
Source of the rules: the section "Format" in the README of github.com/huggingface/safetensors.
"""

import json
import math
import struct
import sys

CODES = {"F32": "f", "I32": "i", "BOOL": "B"}  # the dtypes that sluice writes
ALIGNMENT_ORDER = ["BOOL", "I32", "F32"]


def without_repetition(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key comes twice: {keys}"
    return dict(pairs)


def read(content):
    (length,) = struct.unpack_from("<Q", content)
    assert length <= 100_000_000 and length % 8 == 0, "the header's length"
    text = content[8 : 8 + length].decode("utf-8")
    assert text.startswith("{") and text.rstrip(" ").endswith("}"), "the header's text"
    header = json.loads(text, object_pairs_hook=without_repetition)
    data = content[8 + length :]

    metadata = header.pop("__metadata__", {})
    assert all(isinstance(value, str) for value in metadata.values()), "metadata"
    tensors, free, previous = [], 0, None
    for name, entry in header.items():
        assert list(entry) == ["dtype", "shape", "data_offsets"], "keys of a tensor"
        dtype, shape, (begin, end) = entry.values()
        place = (-ALIGNMENT_ORDER.index(dtype), name)
        assert previous is None or previous < place, "the order of the tensors"
        count = math.prod(shape)
        assert begin == free and end - begin == count * struct.calcsize(CODES[dtype]), "offsets"
        values = struct.unpack(f"<{count}{CODES[dtype]}", data[begin:end])
        tensors.append({"name": name, "dtype": dtype, "shape": shape, "values": [float(v).hex() for v in values]})
        free, previous = end, place
    assert free == len(data), "the end of the file"
    return {"metadata": metadata, "tensors": tensors}


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print(json.dumps(read(file.read())))
