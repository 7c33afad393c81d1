internal import Baking
internal import Dispatch
internal import Foundation
internal import Transformer

/// Owns a decoder with its caches, adapters and optimiser: one call at a time, on a thread of its
/// own. Between the steps of a long call other calls get their turn, so that a chat need not wait
/// for the end of a bake.
actor LocalEngine {
    let decoder: Transformer.Decoder
    let name: String
    var training: Training?
    /// Adapters read from checkpoints, the newest last.
    private var adapters: [(directory: URL, adapter: Adapter)] = []
    private let executor = EngineExecutor()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is being trained.
    struct Training {
        let configuration: TrainerConfiguration
        let trainer: AdapterTrainer
        /// The teacher's final states of examples seen, for the loss over the whole vocabulary.
        var teacherHidden: [RenderedExample: Matrix] = [:]
    }

    init(decoder: sending Transformer.Decoder, name: String) {
        self.decoder = decoder
        self.name = name
    }

    /// The adapter to apply; nil for the base model.
    func applied(_ choice: AdapterChoice) throws -> AppliedAdapter? {
        switch choice {
        case .none: return nil
        case .training(let strength):
            guard let training else {
                throw BackendError.refused(what: "nothing is being trained", remedy: nil)
            }
            return AppliedAdapter(training.trainer.adapter, strength: strength)
        case .checkpoint(let directory, let strength):
            return AppliedAdapter(try adapter(in: directory), strength: strength)
        }
    }

    private func adapter(in directory: URL) throws -> Adapter {
        let directory = directory.standardizedFileURL
        if let index = adapters.firstIndex(where: { $0.directory == directory }) {
            return adapters[index].adapter
        }
        let file = try AdapterFile(directory: directory.path, model: decoder.configuration)
        let adapter = Adapter(file, for: decoder.configuration, pool: decoder.pool)
        // The four arms of a comparison need one; a few more spare reading them again.
        if adapters.count >= 4 { adapters.removeFirst() }
        adapters.append((directory, adapter))
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

    /// Runs before every layer of a long call.
    static func check() throws { try Task.checkCancellation() }
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
