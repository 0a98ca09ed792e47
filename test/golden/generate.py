"""Writes the golden numbers of this folder: /usr/bin/python3 test/golden/generate.py [part ...]

Parts: recurrent options matrix gradient-flow training optimizers losses ops attention positions. Without a part: all,
and waves.json with them.
Every number is computed in float64 from inputs that were rounded to float32. README.md says more.
"""

import sys

import torch

import attention
import gradient_flow
import losses
import ops
import optimizers
import positions
import recurrent
import recurrent_matrix
import recurrent_options
import training
from golden_format import write_checksums

PARTS = {
    "recurrent": recurrent.generate,
    "options": recurrent_options.generate,
    "matrix": recurrent_matrix.generate,
    "gradient-flow": gradient_flow.generate,
    "training": training.generate,
    "optimizers": optimizers.generate,
    "losses": losses.generate,
    "ops": ops.generate,
    "attention": attention.generate,
    "positions": positions.generate,
}


def main():
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"Unknown part {unknown[0]!r}. Parts: {' '.join(PARTS)}.")
    torch.set_num_threads(1)
    for name in names:
        PARTS[name]()
    if len(names) == len(PARTS):
        write_checksums()


if __name__ == "__main__":
    main()
