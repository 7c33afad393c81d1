#!/usr/bin/env python3
"""Reads a run's TensorBoard files with the tensorboard package's own reader.

    python check_tensorboard.py RUN/tensorboard

Needs tensorboard. Prints one JSON object: "scalars", by tag the list of [step, value], and "texts",
by tag the last text.
"""
import json, sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
accumulator.Reload()
tags = accumulator.Tags()
# The accumulator of today turns simple values into tensors of one number or leaves them as they are.
scalars = {tag: [[e.step, e.value] for e in accumulator.Scalars(tag)] for tag in tags["scalars"]}
texts = {}
for tag in tags["tensors"]:
    proto = accumulator.Tensors(tag)[-1].tensor_proto
    texts[tag] = b"".join(proto.string_val).decode()
print(json.dumps({"scalars": scalars, "texts": texts}))
