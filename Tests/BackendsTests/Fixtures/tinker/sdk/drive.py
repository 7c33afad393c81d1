"""Drives a server with the official SDK (`tinker` 0.25.0) and prints what came back, as JSON.

    TINKER_BASE_URL=… TINKER_API_KEY=tml-… python drive.py MODEL

The test `TinkerForeignTests` runs it against the server of the tests: what the SDK sends must be taken
without a complaint, and what it understands must be what the engine computed.
"""

import json
import os
import sys

os.environ["TINKER_TELEMETRY"] = "0"

import numpy  # noqa: E402
import tinker  # noqa: E402
from tinker import types  # noqa: E402

TOKENS = [5, 9, 200, 31]
TARGETS = [[9, 0], [200, 7], [31, 8], [40, 2]]
WEIGHTS = [[0.0, 0.0], [0.5, -0.25], [0.25, 0.125], [1.0, -0.5]]


def datum(targets, weights) -> types.Datum:
    def tensor(values, kind, name):
        array = numpy.array(values, dtype=kind)
        return types.TensorData(data=array.ravel().tolist(), dtype=name, shape=list(array.shape))

    return types.Datum(
        model_input=types.ModelInput.from_ints(TOKENS),
        loss_fn_inputs={
            "target_tokens": tensor(targets, numpy.int64, "int64"),
            "weights": tensor(weights, numpy.float32, "float32"),
        },
    )


def logprobs(output) -> list:
    return [list(map(float, one["logprobs"].data)) for one in output.loss_fn_outputs]


def main() -> None:
    model = sys.argv[1]
    found: dict = {}
    service = tinker.ServiceClient()
    capabilities = service.get_server_capabilities()
    found["models"] = [entry.model_name for entry in capabilities.supported_models]
    training = service.create_lora_training_client(
        base_model=model, rank=4, seed=1, train_unembed=False
    )
    found["base"] = training.get_info().model_data.model_name
    matrix = datum(TARGETS, WEIGHTS)
    vector = datum([row[0] for row in TARGETS], [row[0] for row in WEIGHTS])
    adam = types.AdamParams(learning_rate=0.02, eps=1e-8)
    found["passes"] = []
    for _ in range(2):
        first = training.forward_backward([matrix, vector], "cross_entropy")
        step = training.optim_step(adam)
        output = first.result()
        found["passes"].append(logprobs(output))
        found["loss"] = output.metrics["loss:sum"]
        step.result()
    found["forward"] = logprobs(training.forward([matrix], "cross_entropy").result())
    state = training.save_state("state").result().path
    sampler = training.save_weights_for_sampler("sampler").result().path
    found["paths"] = [state, sampler]

    prompt = types.ModelInput.from_ints([5, 9, 200, 31, 7])
    sampling = service.create_sampling_client(model_path=sampler)
    sample = sampling.sample(
        prompt=prompt,
        num_samples=2,
        sampling_params=types.SamplingParams(max_tokens=6, temperature=0.7, seed=3, stop=[1]),
        include_prompt_logprobs=True,
        topk_prompt_logprobs=4,
    ).result()
    found["samples"] = [list(map(int, sequence.tokens)) for sequence in sample.sequences]
    found["promptLogprobs"] = [
        None if value is None else float(value) for value in sample.prompt_logprobs
    ]
    found["topK"] = [
        None if row is None else [[int(token), float(value)] for token, value in row]
        for row in sample.topk_prompt_logprobs
    ]
    resumed = service.create_training_client_from_state_with_optimizer(state)
    found["resumed"] = logprobs(resumed.forward([matrix], "cross_entropy").result())
    rest = service.create_rest_client()
    run = state.split("/")[2]
    listed = rest.list_checkpoints(run).result().checkpoints
    found["listed"] = sorted(entry.tinker_path for entry in listed)
    found["archive"] = rest.get_checkpoint_archive_url_from_tinker_path(sampler).result().url
    rest.delete_checkpoint_from_tinker_path(state).result()
    found["left"] = [
        entry.tinker_path for entry in rest.list_checkpoints(run).result().checkpoints
    ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
