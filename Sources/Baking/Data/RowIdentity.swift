import Transformer

/// What a row was made with; rows of another identity are made again, never mixed in.
struct RowIdentity: Hashable, Sendable {
    var generator: String
    var prompt: String
    var model: String
    var template: String
    var sampling: String

    init(prompt: Prompt, backend: any Backend, configuration: BakeConfiguration) {
        generator = configuration.generator
        self.prompt = prompt.hash
        model = backend.model.hash
        template = backend.template.identity
        sampling = sha256(parts: [
            configuration.generator, "\(configuration.maximumResponseTokens)",
            "\(configuration.thinking)", configuration.arithmetic, "\(configuration.seed)",
        ])
    }

    func made(_ example: Example) -> Bool {
        example.prompt == prompt && example.model == model && example.template == template
            && example.sampling == sampling
    }

    /// `example` as if it had been made here.
    func adopting(_ example: Example) -> Example {
        var example = example
        example.prompt = prompt
        example.model = model
        example.template = template
        example.sampling = sampling
        return example
    }
}
