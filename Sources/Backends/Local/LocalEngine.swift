internal import Baking
internal import Dispatch
internal import Foundation
internal import Transformer

/// Owns a decoder with its caches, adapters and optimiser: one call at a time, on a thread of its
/// own. Between the steps of a long call other calls get their turn, and between its layers replies
/// that somebody waits for.
actor LocalEngine {
    let decoder: Transformer.Decoder
    let name: String
    var training: Training?
    /// Adapters read from checkpoints, the newest last.
    private var adapters: [(files: AdapterStamp, adapter: Adapter)] = []
    /// Replies that wait for their next token, whose turn it is first.
    var guests: [Guest] = []
    var share = TimeShare()
    nonisolated let inbox = ReplyInbox()
    /// Bytes of the machine.
    let memoryByteCount: Int
    private let executor: EngineExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is being trained.
    struct Training {
        let configuration: TrainerConfiguration
        let trainer: AdapterTrainer
        /// The teacher's final states of examples seen, for the loss over the whole vocabulary.
        var teacherHidden: [RenderedExample: Matrix] = [:]
    }

    init(
        decoder: sending Transformer.Decoder, name: String, isBackground: Bool,
        memoryByteCount: Int
    ) {
        self.decoder = decoder
        self.name = name
        self.memoryByteCount = memoryByteCount
        executor = EngineExecutor(isBackground: isBackground)
    }

    /// The adapter to apply; nil for the base model.
    func applied(_ choice: AdapterChoice) throws -> AppliedAdapter? {
        switch choice {
        case .none: return nil
        case .training(let strength):
            guard let training else { throw BackendError.notTraining }
            return applied(training.trainer.adapter, strength)
        case .checkpoint(let directory, let strength):
            return applied(try adapter(in: directory), strength)
        }
    }

    /// Without strength it is the base model, bit for bit, wherever the adapter acts.
    private func applied(_ adapter: Adapter, _ strength: Double) -> AppliedAdapter? {
        strength == 0 ? nil : AppliedAdapter(adapter, strength: strength)
    }

    /// An adapter is read once for all strengths, as long as its files stay what they were.
    private func adapter(in directory: URL) throws -> Adapter {
        let files = AdapterStamp(directory)
        if let known = adapters.first(where: { files.isCovered(by: $0.files) }) {
            return known.adapter
        }
        adapters.removeAll { $0.files.isSamePlace(as: files) }
        let file = try AdapterFile(directory: directory.path, model: decoder.configuration)
        let adapter = Adapter(file, for: decoder.configuration, pool: decoder.pool)
        // The four arms of a comparison need one; a few more spare reading them again.
        if adapters.count >= 4 { adapters.removeFirst() }
        adapters.append((files, adapter))
        return adapter
    }

    /// Refuses a sequence that is longer than the model's context.
    func requireFit(_ tokenCount: Int, _ what: @autoclosure () -> String) throws {
        let limit = decoder.configuration.maximumPositionCount
        guard tokenCount <= limit else {
            throw BackendError.contextTooLong(tokens: tokenCount, limit: limit, what: what())
        }
    }

    /// Refuses rows wider than the engine records.
    func requireRows(of topK: Int) throws {
        let limit = min(TopKRows.limit, decoder.configuration.vocabularySize)
        guard topK <= limit else {
            throw BackendError.refused(
                what: "\(topK) tokens a position are more than the \(limit) that can be recorded",
                remedy: "choose a smaller top-k")
        }
    }
}

extension [[TokenID]] {
    /// How many tokens all begin with, at most all but the last of the shortest.
    var sharedPrefixCount: Int {
        guard let first, count > 1 else { return 0 }
        var shared = first.count - 1
        for other in dropFirst() {
            shared = Swift.min(shared, other.count - 1)
            shared = (0..<Swift.max(shared, 0)).first { first[$0] != other[$0] } ?? shared
        }
        return Swift.max(shared, 0)
    }
}
