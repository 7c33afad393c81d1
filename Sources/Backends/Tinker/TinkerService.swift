package import Baking
package import Foundation
package import Transformer

/// What Oven asks of a Tinker-compatible server, in values that know nothing of the wire.
/// ``TinkerClient`` does it over HTTP.
package protocol TinkerService: Sendable {
    /// What the server offers; empty when it does not say.
    func models() async throws -> [TinkerModel]
    /// Makes an untrained LoRA model; may wait long for capacity.
    func makeModel(_ base: String, _ adapter: TinkerAdapter) async throws -> any TinkerTrainingModel
    /// Makes a LoRA model of saved weights, with or without the optimiser's state.
    func loadModel(
        from path: String, withOptimizer: Bool
    ) async throws -> any TinkerTrainingModel
    /// Something to sample from: a base model or saved sampler weights.
    func makeSampler(_ source: TinkerSamplerSource) async throws -> any TinkerSampler
    /// All checkpoints of a training run, or the user's where `run` is nil.
    func checkpoints(of run: String?) async throws -> [TinkerCheckpoint]
    func deleteCheckpoint(_ path: String) async throws
    /// Fetches the PEFT files of sampler weights into `directory`, which exists and is empty.
    func downloadAdapter(_ path: String, to directory: URL) async throws
    /// Ends the session in order: a success, an error, or an interruption.
    func finish(_ outcome: TinkerOutcome) async
}

package enum TinkerOutcome: String, Hashable, Sendable {
    case success, errored, interrupted

    package init(_ outcome: WorkOutcome) {
        self =
            switch outcome {
            case .finished: .success
            case .failed: .errored
            case .interrupted: .interrupted
            }
    }
}

/// A model that the server offers.
package struct TinkerModel: Hashable, Sendable {
    package var name: String
    package var contextLength: Int?
    package var isTrainable: Bool?
    package var isSampleable: Bool?

    package init(
        name: String, contextLength: Int? = nil, isTrainable: Bool? = nil,
        isSampleable: Bool? = nil
    ) {
        self.name = name
        self.contextLength = contextLength
        self.isTrainable = isTrainable
        self.isSampleable = isSampleable
    }
}

/// The LoRA part of a training model. Alpha is the server's to choose.
package struct TinkerAdapter: Hashable, Sendable {
    package var rank: Int
    package var seed: Int?
    package var trainsUnembedding: Bool
    package var trainsFeedForward: Bool
    package var trainsAttention: Bool

    package init(
        rank: Int, seed: Int? = nil, trainsUnembedding: Bool = false,
        trainsFeedForward: Bool = true, trainsAttention: Bool = true
    ) {
        self.rank = rank
        self.seed = seed
        self.trainsUnembedding = trainsUnembedding
        self.trainsFeedForward = trainsFeedForward
        self.trainsAttention = trainsAttention
    }
}

/// Tokens with targets: position i of `tokens` predicts row i of `targets`.
package struct TinkerDatum: Hashable, Sendable {
    package var tokens: [TokenID]
    /// Row-major, `tokens.count` rows of `columnCount`.
    package var targets: [TokenID]
    /// As long as `targets`; 0 where nothing is trained. The loss is −Σ weight · log-probability.
    package var weights: [Float]
    /// Targets per position; nil sends a vector instead of a matrix.
    package var columnCount: Int?

    package init(tokens: [TokenID], targets: [TokenID], weights: [Float], columnCount: Int?) {
        precondition(targets.count == tokens.count * (columnCount ?? 1))
        precondition(weights.count == targets.count)
        self.tokens = tokens
        self.targets = targets
        self.weights = weights
        self.columnCount = columnCount
    }
}

/// What a pass over some data found.
package struct TinkerPassResult: Hashable, Sendable {
    /// Per datum the student's log-probability of every target, in the shape of the datum; checked.
    package var logprobs: [[Float]]
    /// As the server names them; may be empty.
    package var metrics: [String: Double]

    package init(logprobs: [[Float]], metrics: [String: Double]) {
        self.logprobs = logprobs
        self.metrics = metrics
    }
}

/// AdamW's numbers for one step.
package struct TinkerAdam: Hashable, Sendable {
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    package var weightDecay: Double
    /// 0 does not clip.
    package var gradientClip: Double

    package init(
        learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double,
        gradientClip: Double
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.gradientClip = gradientClip
    }
}

/// A LoRA model in training. Calls run on the server in the order they are made here: each takes its
/// sequence number before it returns, and its result is awaited separately, so that several can be on
/// their way.
package protocol TinkerTrainingModel: Sendable {
    var id: String { get }
    /// What the server says it is trained on; nil when it does not say.
    var base: String? { get }
    /// The Hugging Face repository of its tokenizer; nil when the server does not say.
    var tokenizer: String? { get }
    /// One pass; with `isTraining` the gradient is added to what is there.
    func pass(_ data: [TinkerDatum], isTraining: Bool) async -> TinkerPending<TinkerPassResult>
    /// Applies the gradient and clears it; returns the server's metrics.
    func step(_ adam: TinkerAdam) async -> TinkerPending<[String: Double]>
    /// Saves weights and optimiser for resuming; returns their path.
    func saveState(_ name: String, lifetime: Duration?) async -> TinkerPending<String>
    /// Saves weights for sampling and download; returns their path.
    func saveSampler(_ name: String, lifetime: Duration?) async -> TinkerPending<String>
    /// Saves weights for sampling now, under no name; returns something to sample from.
    func sampler() async -> TinkerPending<any TinkerSampler>
    func unload() async
}

/// A result that is on its way.
package struct TinkerPending<Value: Sendable>: Sendable {
    private let task: Task<Value, any Error>

    package init(_ task: Task<Value, any Error>) { self.task = task }

    /// - Throws: ``TinkerError``, or `CancellationError` when the caller's task is cancelled: the
    ///   waiting ends then, the request itself goes on at the server.
    package var value: Value {
        get async throws {
            try Task.checkCancellation()
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }
}

package enum TinkerSamplerSource: Hashable, Sendable {
    case base(String)
    case path(String)
}

/// Samples and scores.
package protocol TinkerSampler: Sendable {
    var id: String { get }
    func sample(_ request: TinkerSampleRequest) async throws -> TinkerSample
}

package struct TinkerSampleRequest: Hashable, Sendable {
    package var tokens: [TokenID]
    /// At least 1.
    package var maximumTokenCount: Int
    package var temperature: Double
    package var seed: Int?
    package var stopTokens: [TokenID]
    /// Whether the log-probabilities of `tokens` are wanted.
    package var scoresTokens: Bool
    /// The K likeliest tokens at each of the last positions; nil for none.
    package var topK: Int?
    /// How many of the last tokens are scored where the server knows how; nil for all.
    package var lastScored: Int?

    package init(
        tokens: [TokenID], maximumTokenCount: Int, temperature: Double, seed: Int? = nil,
        stopTokens: [TokenID] = [], scoresTokens: Bool = false, topK: Int? = nil,
        lastScored: Int? = nil
    ) {
        self.tokens = tokens
        self.maximumTokenCount = maximumTokenCount
        self.temperature = temperature
        self.seed = seed
        self.stopTokens = stopTokens
        self.scoresTokens = scoresTokens
        self.topK = topK
        self.lastScored = lastScored
    }
}

package struct TinkerSample: Hashable, Sendable {
    package struct Candidate: Hashable, Sendable {
        package var token: TokenID
        package var logprob: Float

        package init(token: TokenID, logprob: Float) {
            self.token = token
            self.logprob = logprob
        }
    }

    /// The stop token included when there was one.
    package var tokens: [TokenID]
    package var endedByStop: Bool
    /// Aligned from the end: the last entry belongs to the request's last token. Entry i is the
    /// log-probability of that token given those before it; nil where there is none. Empty when the
    /// server did not compute them.
    package var logprobs: [Float?]
    /// The likeliest tokens at the same places, descending; empty when the server did not compute them.
    package var topK: [[Candidate]?]

    package init(
        tokens: [TokenID], endedByStop: Bool, logprobs: [Float?] = [], topK: [[Candidate]?] = []
    ) {
        self.tokens = tokens
        self.endedByStop = endedByStop
        self.logprobs = logprobs
        self.topK = topK
    }
}

/// Saved weights on the server.
package struct TinkerCheckpoint: Hashable, Sendable {
    /// `tinker://…`
    package var path: String
    package var isForSampling: Bool
    package var created: Date?
    package var byteCount: Int?
    package var expires: Date?

    package init(
        path: String, isForSampling: Bool, created: Date? = nil, byteCount: Int? = nil,
        expires: Date? = nil
    ) {
        self.path = path
        self.isForSampling = isForSampling
        self.created = created
        self.byteCount = byteCount
        self.expires = expires
    }
}

/// Why a server did not do what was asked.
package enum TinkerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not reachable, or not in time.
    case unreachable(String)
    /// The key is missing or wrong; names the variable it is read from.
    case unauthorized(variable: String)
    /// The request failed at the server for good.
    case failed(what: String, why: String)
    /// The answer is not what the protocol says: shapes, lengths, missing parts.
    case misaligned(what: String, why: String)
    /// The server lacks something a bake needs.
    case cannot(String)
    /// The model's stream of requests is broken; the run goes on from its last checkpoint.
    case streamBroken(why: String)

    package var description: String {
        switch self {
        case .unreachable(let why): why
        case .unauthorized(let variable):
            "the server refuses the key: set \(variable) to a valid one"
        case .failed(let what, let why): "\(what) failed: \(why)"
        case .misaligned(let what, let why): "the answer to \(what) does not fit: \(why)"
        case .cannot(let what): "the server cannot \(what)"
        case .streamBroken(let why):
            "the training on the server broke off (\(why)); the same command goes on from the last "
                + "checkpoint"
        }
    }
}
