#!/usr/bin/env python3
"""Loads a checkpoint or an export of Oven with the real PEFT and compares log-probabilities.

    python check_peft.py --oven .build/release/oven --model DIR --adapter DIR [--merged DIR] [--strength X]

Needs torch, transformers, peft. Scores a few sequences of random ids with `oven score` and with
PeftModel (float32), prints the largest difference, and exits 1 when it is above --tolerance.
Names without PEFT's prefix would load without an error and change nothing, so the adapter must also
move the log-probabilities away from the base model's.
"""
import argparse, json, random, subprocess, sys, tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--oven", required=True)
ap.add_argument("--model", required=True)
ap.add_argument("--adapter")
ap.add_argument("--merged")
ap.add_argument("--tolerance", type=float, default=1e-3)
args = ap.parse_args()

import torch
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
rng = random.Random(7)
sequences = [[rng.randrange(base.config.vocab_size - 8) for _ in range(n)] for n in (3, 17, 64)]


def logprobs(model):
    out = []
    for ids in sequences:
        with torch.inference_mode():
            rows = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
        out.append([rows[i - 1, ids[i]].item() for i in range(1, len(ids))])
    return out


def oven(*extra):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write("\n".join(map(json.dumps, sequences)) + "\n")
        f.flush()
        text = subprocess.run([args.oven, "score", "--ids", f.name, "--json", *extra], check=True,
                              capture_output=True, text=True).stdout
    return [json.loads(line)["logprobs"][1:] for line in text.splitlines()]


def distance(a, b):
    return max(abs(x - y) for p, q in zip(a, b) for x, y in zip(p, q))


unadapted = logprobs(base)
failed = False


def report(name, value, limit):
    global failed
    ok = value <= limit
    failed |= not ok
    print(f"{name}: largest difference {value:.2e} ({'ok' if ok else f'above {limit:g}'})")


report("base", distance(unadapted, oven("--model", args.model)), args.tolerance)
if args.adapter:
    from peft import PeftModel
    peft = PeftModel.from_pretrained(base, args.adapter).eval()
    theirs = logprobs(peft)
    report("adapter", distance(theirs, oven("--model", args.model, "--adapter", args.adapter)), args.tolerance)
    moved = distance(theirs, unadapted)
    print(f"the adapter moves log-probabilities by up to {moved:.3f}")
    failed |= moved < 1e-3
if args.merged:
    merged = AutoModelForCausalLM.from_pretrained(args.merged, dtype=torch.float32).eval()
    report("merged", distance(logprobs(merged), oven("--model", args.merged, "--precise")), args.tolerance)
sys.exit(failed)
