package import Foundation

/// How a ``TinkerServer`` differs from others of its kind.
package struct TinkerServerOptions: Sendable {
    /// Which bodies of passes are taken.
    package enum Dialects: Sendable {
        case both
        /// JSON is refused with 415, `forward` is not there.
        case protobuf
        /// Protobuf is answered with 500 in plain text.
        case json
    }

    /// What happens to a number that is not the next one.
    package enum Order: Sendable {
        /// The request waits until those before it have come.
        case waits
        /// The request fails with 409.
        case refuses
        /// Requests run as they come.
        case ignored
    }

    /// In which shape the log-probabilities of [N, K] targets come back.
    package enum Columns: Sendable {
        case matrix
        /// [N·K]
        case flat
        /// [N], the first N of the flat ones: the second axis is not understood.
        case cut
    }

    /// How a request that failed is reported.
    package enum Failures: Sendable {
        /// 200 with `error` and `category`.
        case answers
        /// The failure's status with `detail`.
        case statuses
    }

    package var key = "tml-loopback"
    package var model = "Qwen/Qwen3-8B"
    /// Null where nil.
    package var tokenizer: String?
    package var contextLength = 4096
    /// Tokens from this number on are refused.
    package var vocabularySize = Int(Int32.max)
    package var dialects = Dialects.both
    package var order = Order.waits
    /// Whether a repeated number is answered with the first one's request.
    package var remembers = true
    package var columns = Columns.matrix
    package var failures = Failures.answers
    /// Of an accepted request.
    package var acceptedStatus = 200
    /// Whether fields of newer SDKs are known: `kind`, `prompt_logprobs_last_n`, `optimizer_config`.
    package var knowsNewFields = true
    /// Whether `load_weights` may make a model by itself.
    package var loadsBySession = true
    /// Whether there is an entry for a prompt's first token.
    package var hasFirstEntry = true
    package var hasTopK = true
    /// Whether a pass has `loss:sum` and a step has a norm.
    package var hasMetrics = true
    package var hasConfiguration = true
    /// Whether the key is exchanged for a token.
    package var exchangesKey = false
    /// How often each result is not ready, for want of capacity.
    package var unreadyCount = 2
    /// Results larger than this are announced first; nil for none.
    package var announcesAbove: Int?
    /// How long a poll is held.
    package var hold = Duration.seconds(5)
    package var compressesArchives = false
    /// Whether a model's checkpoints go with it when it is unloaded.
    package var forgetsUnloaded = false
    package var date: @Sendable () -> Date = { Date() }

    package init() {}

    /// Like the service itself, as far as is known.
    package static var production: TinkerServerOptions {
        var options = TinkerServerOptions()
        options.dialects = .protobuf
        return options
    }

    /// Like TuFT 0.2.2 with an engine that works.
    package static var strict: TinkerServerOptions {
        var options = TinkerServerOptions()
        options.dialects = .protobuf
        options.order = .refuses
        options.remembers = false
        options.failures = .statuses
        options.acceptedStatus = 202
        options.forgetsUnloaded = true
        options.knowsNewFields = false
        options.loadsBySession = false
        options.unreadyCount = 0
        return options
    }

    /// Like a server for older SDKs, but with [N, K] targets and the likeliest tokens.
    package static var old: TinkerServerOptions {
        var options = TinkerServerOptions()
        options.dialects = .json
        options.failures = .statuses
        options.knowsNewFields = false
        options.loadsBySession = false
        options.hasFirstEntry = false
        options.hasMetrics = false
        options.hasConfiguration = false
        return options
    }
}
