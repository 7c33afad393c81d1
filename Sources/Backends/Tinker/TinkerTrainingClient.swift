import Foundation
import Transformer

/// A model in training. Its requests carry numbers and go out one after the other in the order of the
/// calls; results are waited for apart from that.
package actor TinkerTrainingClient: TinkerTrainingModel {
    package nonisolated let id: String
    package nonisolated let base: String?
    package nonisolated let tokenizer: String?
    private let connection: TinkerConnection
    private let session: TinkerSession
    private let dialects: TinkerDialects
    private let flags: TinkerFlags
    /// The server waits for a number that is missing, so what was numbered has to arrive.
    private var nextNumber: Int
    /// Ends when everything that was numbered so far has been sent.
    private var sent: Task<Void, Never>?
    private var whyBroken: String?

    init(
        id: String, base: String?, tokenizer: String?, firstNumber: Int,
        connection: TinkerConnection, session: TinkerSession, dialects: TinkerDialects,
        flags: TinkerFlags
    ) {
        self.id = id
        self.base = base
        self.tokenizer = tokenizer
        self.nextNumber = firstNumber
        self.connection = connection
        self.session = session
        self.dialects = dialects
        self.flags = flags
    }

    // MARK: - Requests

    package func pass(
        _ data: [TinkerDatum], isTraining: Bool
    ) -> TinkerPending<TinkerPassResult> {
        let what = isTraining ? "a training pass" : "a forward pass"
        // What cannot be sent must not take a number.
        for datum in data
        where datum.tokens.isEmpty || !datum.weights.allSatisfy(\.isFinite)
            || datum.targets.contains(where: { $0.rawValue < 0 })
        {
            return failed(
                TinkerError.failed(
                    what: what, why: "an empty datum, a weight or a target cannot be sent"))
        }
        let chunks = Self.chunks(of: data, flags)
        guard !chunks.isEmpty else {
            return TinkerPending(Task { TinkerPassResult(logprobs: [], metrics: [:]) })
        }
        let parts = chunks.map { chunk in
            enqueue(isTraining ? .forwardBackward : .forward, what, breaks: isTraining) {
                [id, connection, dialects] number in
                try await TinkerPassSubmission(
                    data: chunk, model: id, number: number, isTraining: isTraining, what: what
                ).send(on: connection, dialects)
            } decode: { result in
                let output =
                    result.isProtobuf
                    ? try TinkerProto.output(result.body, datumCount: chunk.count)
                    : try TinkerWire.output(result.body)
                return try output.checked(against: chunk)
            }
        }
        guard parts.count > 1 else { return parts[0] }
        return TinkerPending(
            Task {
                var results: [TinkerPassResult] = []
                for part in parts { results.append(try await part.value) }
                return TinkerPassResult.merging(results)
            })
    }

    package func step(_ adam: TinkerAdam) -> TinkerPending<[String: Double]> {
        let what = "an optimiser step"
        let parameters = TinkerWire.OptimStep.Adam(
            learningRate: adam.learningRate, beta1: adam.beta1, beta2: adam.beta2,
            eps: adam.epsilon, weightDecay: adam.weightDecay, gradClipNorm: adam.gradientClip)
        let numbers = [
            adam.learningRate, adam.beta1, adam.beta2, adam.epsilon, adam.weightDecay,
            adam.gradientClip,
        ]
        guard numbers.allSatisfy(\.isFinite) else {
            return failed(
                TinkerError.failed(what: what, why: "a number of the optimiser is not finite"))
        }
        return enqueue(.optimStep, what, breaks: true) { [id, connection] number in
            let call = TinkerCall(
                "optim_step",
                body: try connection.body(
                    TinkerWire.OptimStep(adamParams: parameters, modelId: id, seqId: number)))
            return .request(try await connection.submit(call, what: what))
        } decode: { result in
            TinkerWire.metrics(
                try TinkerWire.answer(TinkerWire.StepAnswer.self, from: result.body).metrics)
        }
    }

    package func saveState(_ name: String, lifetime: Duration?) -> TinkerPending<String> {
        save(name, "weights", .saveWeights) { id, number in
            TinkerCall(
                "save_weights",
                body: try TinkerWire.body(
                    TinkerWire.SaveWeights(
                        modelId: id, path: name, seqId: number,
                        ttlSeconds: lifetime.map(Self.seconds))))
        }
    }

    package func saveSampler(_ name: String, lifetime: Duration?) -> TinkerPending<String> {
        save(name, "sampler_weights", .saveWeightsForSampler) { id, number in
            TinkerCall(
                "save_weights_for_sampler",
                body: try TinkerWire.body(
                    TinkerWire.SaveWeightsForSampler(
                        modelId: id, path: name, seqId: number,
                        ttlSeconds: lifetime.map(Self.seconds))))
        }
    }

    /// Saves weights as Hugging Face files for download, on servers that can; returns their path.
    package func saveExternal(_ name: String, lifetime: Duration?) -> TinkerPending<String> {
        save(name, "external_weights", .saveWeightsExternal) { id, number in
            TinkerCall(
                "save_weights_external",
                body: try TinkerWire.body(
                    TinkerWire.SaveWeightsExternal(
                        modelId: id, path: name, seqId: number,
                        ttlSeconds: lifetime.map(Self.seconds))))
        }
    }

    package func sampler() async -> TinkerPending<any TinkerSampler> {
        let what = "saving weights to sample from"
        let sampler = await session.nextSamplerNumber()
        return enqueue(.saveWeightsForSampler, what, breaks: false) { [id, connection] number in
            let call = TinkerCall(
                "save_weights_for_sampler",
                body: try connection.body(
                    TinkerWire.SaveWeightsForSampler(
                        modelId: id, samplingSessionSeqId: sampler, seqId: number)))
            return .request(try await connection.submit(call, what: what))
        } decode: { [connection, session, dialects] result in
            let answer = try TinkerWire.answer(TinkerWire.SaveAnswer.self, from: result.body)
            if let id = answer.samplingSessionId?.value {
                return TinkerSamplingClient(id: id, connection: connection, dialects: dialects)
            }
            guard let path = answer.path?.value else {
                throw TinkerWireError("it names nothing to sample from")
            }
            return try await TinkerSamplingClient.make(
                .path(path), connection: connection, session: session, dialects: dialects)
        }
    }

    package func unload() async {
        await sent?.value
        whyBroken = whyBroken ?? "the model was unloaded"
        // Not every server knows the call; the model goes with the session anyway.
        guard
            let body = try? connection.body(
                TinkerWire.ModelCall(modelId: id, type: "unload_model"))
        else { return }
        _ = try? await connection.once(TinkerCall("unload_model", body: body))
    }

    // MARK: - Order

    /// What became of a submit.
    enum Submitted: Sendable {
        /// The result is asked for by this.
        case request(String)
        /// There is nothing to wait for.
        case done(Data)
    }

    private func failed<Value>(_ error: any Error) -> TinkerPending<Value> {
        TinkerPending(Task { throw error })
    }

    /// Takes a number and sends when everything before has been sent.
    ///
    /// - Parameters:
    ///   - breaks: Whether later requests are worthless when this one fails at the server.
    ///   - send: Submits under the number.
    private func enqueue<Value: Sendable>(
        _ kind: TinkerKind, _ what: String, breaks: Bool,
        send: @escaping @Sendable (Int) async throws -> Submitted,
        decode: @escaping @concurrent @Sendable (TinkerRawResult) async throws -> Value
    ) -> TinkerPending<Value> {
        if let whyBroken { return failed(TinkerError.streamBroken(why: whyBroken)) }
        let number = nextNumber
        nextNumber += 1
        let previous = sent
        let (answers, answer) = AsyncThrowingStream<Submitted, any Error>.makeStream()
        sent = Task {
            await previous?.value
            do {
                if let whyBroken { throw TinkerError.streamBroken(why: whyBroken) }
                answer.yield(try await send(number))
                answer.finish()
            } catch {
                let error = await connection.told(error, what: what)
                breakStream(error)
                answer.finish(throwing: error)
            }
        }
        return TinkerPending(
            Task {
                do {
                    // The stream ends without an element when this task is cancelled; the submit
                    // goes on.
                    var submitted: Submitted?
                    for try await element in answers { submitted = element }
                    switch submitted {
                    case .request(let request):
                        return try await decode(
                            try await connection.result(of: request, kind, what: what))
                    case .done(let body):
                        return try await decode(TinkerRawResult(body: body, isProtobuf: false))
                    case nil: throw CancellationError()
                    }
                } catch {
                    let error = await connection.told(error, what: what)
                    if breaks, !(error is CancellationError) { breakStream(error) }
                    throw error
                }
            })
    }

    private func breakStream(_ error: any Error) {
        if let error = error as? TinkerError, case .streamBroken = error { return }
        whyBroken = whyBroken ?? "\(error)"
    }

    // MARK: - Saving

    private func save(
        _ name: String, _ folder: String, _ kind: TinkerKind,
        _ call: @escaping @Sendable (String, Int) throws -> TinkerCall
    ) -> TinkerPending<String> {
        let what = "saving \(name)"
        let isName = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isName, (1...255).contains(name.utf8.count) else {
            return failed(
                TinkerError.failed(
                    what: "saving", why: "a name has letters, digits, _ and -, at most 255"))
        }
        return enqueue(kind, what, breaks: false) { [id, connection] number in
            var policy = connection.policy
            policy.statuses.remove(409)
            do {
                return .request(
                    try await connection.submit(try call(id, number), what: what, policy: policy))
            } catch let refusal as TinkerRefusal
                where refusal.status == 409 && refusal.isUncertain
            {
                // An attempt whose answer was lost had saved it.
                let saved = try await connection.checkpoints(of: id).first {
                    $0.path.hasSuffix("/\(folder)/\(name)")
                }
                guard let saved else { throw refusal }
                return .done(try TinkerWire.body(["path": saved.path]))
            }
        } decode: { result in
            let answer = try TinkerWire.answer(TinkerWire.SaveAnswer.self, from: result.body)
            guard let path = answer.path?.value, path.hasPrefix("tinker://") else {
                throw TinkerWireError("it names no path")
            }
            return path
        }
    }

    /// What servers accept: from an hour to ten years.
    static func seconds(_ lifetime: Duration) -> Int {
        Int(min(max(lifetime / .seconds(1), 3600), 315_360_000))
    }

    // MARK: - Size

    /// `data` in pieces of the size that the server takes.
    static func chunks(of data: [TinkerDatum], _ flags: TinkerFlags) -> [ArraySlice<TinkerDatum>] {
        var chunks: [ArraySlice<TinkerDatum>] = []
        var start = 0
        var byteCount = 0
        for (index, datum) in data.enumerated() {
            let isFull =
                index - start >= flags.chunkDatumCount
                || byteCount + datum.byteCount > flags.chunkByteCount
            if index > start, isFull {
                chunks.append(data[start..<index])
                start = index
                byteCount = 0
            }
            byteCount += datum.byteCount
        }
        if start < data.count { chunks.append(data[start...]) }
        return chunks
    }
}

extension TinkerPassResult {
    /// One result of several that belong to the same pass; metrics are joined as their names say, and
    /// left out when they do not and differ.
    static func merging(_ results: [TinkerPassResult]) -> TinkerPassResult {
        var metrics: [String: Double] = [:]
        for name in Set(results.flatMap(\.metrics.keys)) {
            let present = results.filter { $0.metrics[name] != nil }
            let values = present.compactMap { $0.metrics[name] }
            switch name.split(separator: ":").last {
            case "sum": metrics[name] = values.reduce(0, +)
            case "min": metrics[name] = values.min()
            case "max": metrics[name] = values.max()
            case "mean":
                let counts = present.map { Double($0.logprobs.count) }
                let total = counts.reduce(0, +)
                metrics[name] = zip(values, counts).reduce(0) { $0 + $1.0 * $1.1 } / max(total, 1)
            default: if Set(values).count == 1 { metrics[name] = values.first }
            }
        }
        return TinkerPassResult(logprobs: results.flatMap(\.logprobs), metrics: metrics)
    }
}
