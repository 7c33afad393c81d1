extension Setting {
    /// Every setting, in the order of the help.
    package static let table: [Setting] = [
        Setting(
            .model, .text, .text("starter"),
            "Model to bake: starter, a directory in Hugging Face layout, a hub id in the cache (oven "
                + "pull), or tinker:NAME to train on that service."),
        Setting(.prompt, .path, .text("prompt.md"), "File whose text is baked."),
        Setting(
            .generator, .text, .text("model"),
            "Who writes the responses: model (the teacher itself) or a service, as NAME or "
                + "NAME:MODEL."),
        Setting(.queries, .path, .absent, absence: "built-in", "Query set, a YAML file."),
        Setting(
            .temperatures, .numbers(NumberRange(lowest: 0, highest: 2)),
            .numbers([0.5, 0.7, 0.9, 1]), isForModels: true,
            "Sampling temperatures: one response per training query and temperature."),
        Setting(
            .maxResponseTokens, .integer(1...1_000_000), .integer(512), isForModels: true,
            "Most tokens of one response."),
        Setting(.concurrency, .integer(1...1000), .integer(20), "Requests in flight to a service."),
        Setting(
            .thinking, .flag, .flag(false), isForModels: true,
            "Let models that have the switch reason before they answer."),
        Setting(.rank, .integer(1...1024), .integer(32), isForModels: true, "LoRA's rank."),
        Setting(
            .alpha, .number(NumberRange(lowest: 0, highest: 1_000_000, isLowestExcluded: true)),
            .absent, absence: "rank", isForModels: true,
            "LoRA's alpha; the adapter is scaled by alpha / rank."),
        Setting(
            .targets, .words(projections + ["lm_head"]), .words(projections), isForModels: true,
            "Projections that get an adapter."),
        Setting(
            .topK, .integer(1...1024), .integer(20), isForModels: true,
            "Teacher tokens kept per position."),
        Setting(
            .loss, .choice(LossKind.allCases.map(\.rawValue)), .text(LossKind.tail.rawValue),
            isForModels: true,
            "What is minimised: tail (top K and one bucket for the rest), full, or truncated."),
        Setting(
            .studentContext, .choice(StudentContext.allCases.map(\.rawValue)),
            .text(StudentContext.none.rawValue), isForModels: true,
            "What the student reads in place of the prompt: none, empty, or the template's default."
        ),
        Setting(
            .batchSize, .integer(1...65536), .integer(16), isForModels: true, "Examples per step."),
        Setting(
            .epochs, .integer(1...10000), .integer(4), isForModels: true,
            "Passes over the dataset."),
        Setting(
            .learningRate, .number(NumberRange(lowest: 0, highest: 1, isLowestExcluded: true)),
            .number(1e-4), isForModels: true,
            "Rate of the first step; it falls linearly to zero."),
        Setting(
            .gradientClip, .number(NumberRange(lowest: 0, highest: 1_000_000)), .number(1),
            isForModels: true, "Largest global norm of a gradient; 0 does not clip."),
        Setting(
            .weightDecay, .number(NumberRange(lowest: 0, highest: 1)), .number(0),
            isForModels: true, "Decoupled weight decay."),
        Setting(
            .precise, .flag, .flag(false), isForModels: true,
            "Compute in float32 with the weights as stored."),
        Setting(
            .int8, .flag, .flag(false), isForModels: true,
            "Keep the base weights as int8: half the memory, a little less exact."),
        Setting(.seed, .integer(0...Int.max), .integer(0), "Seeds everything random."),
        Setting(.threads, .integer(1...1024), .absent, absence: "all cores", "Threads to use."),
        Setting(
            .evaluateEvery, .integer(1...1_000_000), .integer(10),
            "Steps between evaluations on the dev queries."),
        Setting(
            .checkpointEvery, .integer(1...1_000_000), .integer(20), "Steps between checkpoints."),
        Setting(
            .keepCheckpoints, .integer(1...100_000), .integer(3),
            "Checkpoints kept besides the best."),
        Setting(.runs, .path, .text("runs"), "Directory of the runs."),
        Setting(.theme, .text, .text("oven-dark"), "Theme: a name, or a file."),
        Setting(.keys, .path, .absent, absence: "none", "Key bindings, a YAML file."),
        Setting(.mouse, .flag, .flag(true), "Use the mouse in the workbench."),
        Setting(
            .color, .choice(["auto", "never", "16", "256", "true"]), .text("auto"),
            "Colours: auto, never, 16, 256, or true (24 bit)."),
        Setting(
            .services, .services, .services(ServiceConfiguration.predefined),
            "Remote services by name; in files only."),
        Setting(
            .logTo, .words(["wandb", "tensorboard"]), .absent, absence: "none",
            "Where else the figures of a bake go."),
    ]

    /// The seven linear layers of a block, PEFT's short names.
    private static let projections = BakeConfiguration().targets

    private init(
        _ name: SettingName, _ kind: SettingKind, _ standard: SettingValue, absence: String? = nil,
        isForModels: Bool = false, _ help: String
    ) {
        self.init(
            name: name, kind: kind, standard: standard, absence: absence, isForModels: isForModels,
            help: help)
    }
}
