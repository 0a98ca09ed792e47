"""Writes safetensors.json, files of the safetensors format: python3 test/golden/safetensors_files.py

A second writing of the format, from the section "Format" in the README of github.com/huggingface/safetensors, with
nothing but Python's standard library. Files under "reference" are laid out as the reference implementation lays them
out, so that they have to come out byte for byte the same; those under "foreign" only keep the rules.
"""

import base64
import json
import pathlib
import struct

# In the order of the format: dtypes with larger elements come first in a file.
DTYPES = "BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ"
DTYPES += " I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 U64"
ORDER = {name: place for place, name in enumerate(DTYPES.split())}

CODES = {"BOOL": "B", "U8": "B", "I8": "b", "I16": "h", "U16": "H", "F16": "e", "I32": "i"}
CODES |= {"U32": "I", "F32": "f", "F64": "d", "I64": "q", "U64": "Q"}


def pack(dtype, values):
    """The elements as bytes."""
    if dtype == "BF16":  # the upper half of a float32
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    if dtype.startswith("F8"):
        return bytes(values)
    return struct.pack(f"<{len(values)}{CODES[dtype]}", *values)


def write_file(tensors, metadata=None, pad=True, key_order=("dtype", "shape", "data_offsets")):
    """A file with these tensors, (name, dtype, shape, values), one behind the other as they come."""
    header = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, dtype, shape, values in tensors:
        content = pack(dtype, values)
        entry = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        header[name] = {key: entry[key] for key in key_order}
        data += content
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    if pad:
        text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def in_reference_order(tensors):
    """Larger elements first, then names by code point, which is Python's order of strings."""
    return sorted(tensors, key=lambda tensor: (-ORDER[tensor[1]], tensor[0]))


def case(name, tensors, file, metadata=None):
    listed = [
        {"name": key, "dtype": dtype, "shape": shape, "values": [jsonable(stored(dtype, v)) for v in values]}
        for key, dtype, shape, values in tensors
    ]
    encoded = base64.b64encode(file).decode()
    return {"name": name, "metadata": metadata or {}, "tensors": listed, "file": encoded}


def stored(dtype, value):
    """What is left of a value in a dtype."""
    return struct.unpack("<f", struct.pack("<f", value))[0] if dtype == "F32" else value


def jsonable(value):
    """JSON has no NaN and no infinities."""
    finite = abs(value) < float("inf")
    return value if finite else str(value)


def reference():
    lstm = [
        ("lstm/kernel", "F32", [2, 4], [0.5, -1.25, 3, 1e-45, -0.0, 3.4028234663852886e38, 1e-38, 2.0**-126]),
        ("lstm/bias", "F32", [4], [float("inf"), float("-inf"), float("nan"), 1]),
        ("epoch", "I32", [], [-(2**31)]),
        ("mask", "BOOL", [3], [1, 0, 1]),
    ]
    odd = [
        ("__proto__", "F32", [1], [1]),
        ("constructor", "BOOL", [1], [1]),
        ("toString", "I32", [2], [2, 2**31 - 1]),
        ("", "F32", [], [4]),
        ("\ufb01", "F32", [0, 3], []),
        ("\U0001f600", "F32", [1], [5]),
        ('quote " slash \\ line \n \x1f \x7f', "F32", [1], [6]),
    ]
    texts = {"format": "pt", "__proto__": "x", "": "empty key", "ü": 'a "b" \\ \n\t\x01 😀'}
    yield case("lstm", lstm, write_file(in_reference_order(lstm)))
    yield case("odd names", odd, write_file(in_reference_order(odd), texts), texts)
    yield case("nothing", [], write_file([]))
    yield case("metadata only", [], write_file([], {"a": "b"}), {"a": "b"})


def foreign():
    """In the order of the writer, headers without padding: data begins at any byte."""
    half = [("half", "F16", [2, 3], [1, -2.5, 65504, 2.0**-24, -0.0, float("-inf")])]
    brain = [("brain", "BF16", [3], [1, -2.5, 2.0**100]), ("flags", "BOOL", [2, 1], [1, 0])]
    odd = [("one", "U8", [1], [200])]
    integers = [
        ("i8", "I8", [3], [-128, 0, 127]),
        ("u16", "U16", [1], [65535]),
        ("i16", "I16", [2], [-32768, 32767]),
        ("u32", "U32", [2], [0, 2**31 - 1]),
        ("i64", "I64", [3], [-(2**31), 0, 2**31 - 1]),
        ("u64", "U64", [1], [7]),
        ("i32", "I32", [2, 1], [5, -6]),
    ]
    floats = [("double", "F64", [3], [0.5, -2.0**-149, 1e300 * 1e300]), ("single", "F32", [2], [0.25, -8])]
    tensors = odd + half + integers + brain + floats
    keys = ("data_offsets", "shape", "dtype")
    yield case("unaligned", tensors, write_file(tensors, pad=False, key_order=keys))
    turned = list(reversed(tensors))
    texts = {"made by": "another program"}
    yield case("turned", turned, write_file(turned, texts, pad=False), texts)
    eight = [("weights", "F8_E4M3", [2], [56, 60]), ("scale", "F32", [], [0.5])]
    yield case("eight bits", eight, write_file(eight))


def main():
    groups = []
    for label, cases in (("reference", reference()), ("foreign", foreign())):
        lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
        groups.append(f'"{label}":[\n{lines}\n]')
    source = "Python's struct and json, test/golden/safetensors_files.py"
    text = f'{{"format":1,"source":"{source}",{",".join(groups)}}}\n'
    (pathlib.Path(__file__).parent / "safetensors.json").write_text(text)


if __name__ == "__main__":
    main()
