import Backends
import Baking
import Foundation
import ServiceSupport
import Synchronization

/// A service between a backend and a server that changes answers, counts what is in flight and
/// breaks what a test wants broken.
struct AlteredTinkerService: TinkerService {
    /// What a test does to the traffic.
    struct Alteration: Sendable {
        var sample: @Sendable (TinkerSample) -> TinkerSample = { $0 }
        var pass: @Sendable (TinkerPassResult, _ isTraining: Bool) -> TinkerPassResult = {
            pass, _ in
            pass
        }
        /// Of a step.
        var metrics: @Sendable ([String: Double]) -> [String: Double] = { $0 }
        /// Runs before a call reaches the server; what it throws is all that the caller hears.
        var before: @Sendable (String) async throws -> Void = { _ in }
        /// Runs after the server has done it; what it throws takes the place of the answer.
        var after: @Sendable (String) async throws -> Void = { _ in }
        /// Runs on a downloaded adapter.
        var download: @Sendable (URL) throws -> Void = { _ in }
    }

    let inner: any TinkerService
    let alteration: Alteration

    init(_ inner: any TinkerService, _ alteration: Alteration) {
        self.inner = inner
        self.alteration = alteration
    }

    private func call<Value>(_ name: String, _ work: () async throws -> Value) async throws -> Value
    {
        try await alteration.before(name)
        let value = try await work()
        try await alteration.after(name)
        return value
    }

    func models() async throws -> [TinkerModel] { try await inner.models() }

    func makeModel(_ base: String, _ adapter: TinkerAdapter) async throws -> any TinkerTrainingModel
    {
        try await call("makeModel") {
            AlteredTinkerModel(try await inner.makeModel(base, adapter), alteration)
        }
    }

    func loadModel(from path: String, withOptimizer: Bool) async throws -> any TinkerTrainingModel {
        try await call("loadModel") {
            AlteredTinkerModel(
                try await inner.loadModel(from: path, withOptimizer: withOptimizer), alteration)
        }
    }

    func makeSampler(_ source: TinkerSamplerSource) async throws -> any TinkerSampler {
        try await call("makeSampler") {
            AlteredTinkerSampler(inner: try await inner.makeSampler(source), alteration: alteration)
        }
    }

    func checkpoints(of run: String?) async throws -> [TinkerCheckpoint] {
        try await call("checkpoints") { try await inner.checkpoints(of: run) }
    }

    func deleteCheckpoint(_ path: String) async throws {
        try await call("delete \(path)") { try await inner.deleteCheckpoint(path) }
    }

    func downloadAdapter(_ path: String, to directory: URL) async throws {
        try await call("download") { try await inner.downloadAdapter(path, to: directory) }
        try alteration.download(directory)
    }

    func finish(_ outcome: TinkerOutcome) async { await inner.finish(outcome) }
}

/// Once a call has failed, the model's stream is dead, as a client's is.
actor AlteredTinkerModel: TinkerTrainingModel {
    nonisolated let id: String
    nonisolated let base: String?
    nonisolated let tokenizer: String?
    private let inner: any TinkerTrainingModel
    private let alteration: AlteredTinkerService.Alteration
    private var isBroken = false

    init(_ inner: any TinkerTrainingModel, _ alteration: AlteredTinkerService.Alteration) {
        id = inner.id
        base = inner.base
        tokenizer = inner.tokenizer
        self.inner = inner
        self.alteration = alteration
    }

    private func call<Value: Sendable>(
        _ name: String, _ work: () async -> TinkerPending<Value>,
        _ change: @escaping @Sendable (Value) -> Value = { $0 }
    ) async -> TinkerPending<Value> {
        do {
            if isBroken { throw TinkerError.streamBroken(why: "an earlier request failed") }
            try await alteration.before(name)
        } catch {
            isBroken = true
            return TinkerPending(Task { throw error })
        }
        let pending = await work()
        return TinkerPending(
            Task { [alteration] in
                let value = try await pending.value
                try await alteration.after(name)
                return change(value)
            })
    }

    func pass(_ data: [TinkerDatum], isTraining: Bool) async -> TinkerPending<TinkerPassResult> {
        await call(
            isTraining ? "train" : "forward",
            { await inner.pass(data, isTraining: isTraining) },
            { [alteration] in alteration.pass($0, isTraining) })
    }

    func step(_ adam: TinkerAdam) async -> TinkerPending<[String: Double]> {
        await call("step", { await inner.step(adam) }, alteration.metrics)
    }

    func saveState(_ name: String, lifetime: Duration?) async -> TinkerPending<String> {
        await call("saveState", { await inner.saveState(name, lifetime: lifetime) })
    }

    func saveSampler(_ name: String, lifetime: Duration?) async -> TinkerPending<String> {
        await call("saveSampler", { await inner.saveSampler(name, lifetime: lifetime) })
    }

    func sampler() async -> TinkerPending<any TinkerSampler> {
        await call("sampler", { await inner.sampler() })
    }

    func unload() async { await inner.unload() }
}

struct AlteredTinkerSampler: TinkerSampler {
    let inner: any TinkerSampler
    let alteration: AlteredTinkerService.Alteration

    var id: String { inner.id }

    func sample(_ request: TinkerSampleRequest) async throws -> TinkerSample {
        try await alteration.before("sample")
        let sample = alteration.sample(try await inner.sample(request))
        try await alteration.after("sample")
        return sample
    }
}

/// A calendar that a test sets.
final class SetClock: ServiceClock {
    private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    var now: Duration { .seconds(date.timeIntervalSince1970) }
    var date: Date { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0.addingTimeInterval(duration / .seconds(1)) }
    }

    func sleep(for duration: Duration) async throws { advance(by: duration) }
}

/// Notices in the order they came.
final class TinkerNotices: Sendable {
    private let notices = Mutex<[ServiceNotice]>([])

    var warnings: [String] {
        notices.withLock { $0 }.compactMap {
            if case .warning(_, let text) = $0 { text } else { nil }
        }
    }
    var notes: [String] {
        notices.withLock { $0 }.compactMap { if case .note(_, let text) = $0 { text } else { nil } }
    }

    func add(_ notice: ServiceNotice) { notices.withLock { $0.append(notice) } }
}
