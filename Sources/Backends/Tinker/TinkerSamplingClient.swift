import Foundation

/// Something to sample from. Requests have numbers here too, but no order.
package actor TinkerSamplingClient: TinkerSampler {
    package nonisolated let id: String
    private let connection: TinkerConnection
    private let dialects: TinkerDialects
    private var nextNumber = 0

    /// Prompts of more tokens are sent again later, per the protocol.
    private static let longPrompt = 13000

    init(id: String, connection: TinkerConnection, dialects: TinkerDialects) {
        self.id = id
        self.connection = connection
        self.dialects = dialects
    }

    static func make(
        _ source: TinkerSamplerSource, connection: TinkerConnection, session: TinkerSession,
        dialects: TinkerDialects
    ) async throws -> TinkerSamplingClient {
        var request = TinkerWire.CreateSamplingSession(
            sessionId: try await session.id(),
            samplingSessionSeqId: await session.nextSamplerNumber())
        switch source {
        case .base(let name): request.baseModel = name
        case .path(let path): request.modelPath = path
        }
        let answer = try await connection.call(
            TinkerWire.SamplingSessionAnswer.self,
            TinkerCall("create_sampling_session", body: try connection.body(request)),
            what: "opening something to sample from")
        return TinkerSamplingClient(
            id: answer.samplingSessionId, connection: connection, dialects: dialects)
    }

    package func sample(_ request: TinkerSampleRequest) async throws -> TinkerSample {
        let what = request.scoresTokens || request.topK != nil ? "scoring a text" : "sampling"
        do {
            var losses = 0
            while true {
                let number = nextNumber
                nextNumber += 1
                let submitted = try await submit(request, number: number, what: what)
                do {
                    let result = try await connection.result(of: submitted, .sample, what: what)
                    return try await Self.decode(result, request)
                } catch is TinkerResultLost where losses < 3 {
                    // A sample changes nothing, so it may be asked for again.
                    losses += 1
                }
            }
        } catch {
            throw await connection.told(error, what: what)
        }
    }

    @concurrent private static func decode(
        _ result: TinkerRawResult, _ request: TinkerSampleRequest
    ) async throws -> TinkerSample {
        let sample =
            result.isProtobuf
            ? try TinkerProto.sample(result.body) : try TinkerWire.sample(result.body)
        return try sample.checked(against: request)
    }

    private func submit(
        _ request: TinkerSampleRequest, number: Int, what: String
    ) async throws -> String {
        let wantsLastN = request.lastScored != nil
        let lastScored = await dialects.knowsLastN == false ? nil : request.lastScored
        do {
            let submitted = try await submit(
                request, number: number, lastScored: lastScored, what: what)
            return submitted
        } catch let refusal as TinkerRefusal
            where wantsLastN && lastScored != nil && [400, 422].contains(refusal.status)
        {
            let knew = await dialects.knowsLastN
            guard knew != true else { throw refusal }
            // An older server; without the wish it scores everything.
            let submitted = try await submit(
                request, number: number, lastScored: nil, what: what)
            await dialects.settleLastN(false)
            return submitted
        }
    }

    private func submit(
        _ request: TinkerSampleRequest, number: Int, lastScored: Int?, what: String
    ) async throws -> String {
        var call = TinkerCall("asample", body: try await body(request, number, lastScored))
        call.headers["X-Tinker-Sampling-Backpressure"] = "1"
        var policy = connection.policy
        policy.statuses.remove(429)
        let start = connection.clock.now
        let ticket = await connection.waiting.ticket()
        while true {
            try await connection.gate.enter()
            do {
                let submitted = try await connection.submit(
                    call, what: what, policy: policy, isObedient: false)
                await connection.gate.leave()
                await connection.waiting.goesOn(ticket)
                return submitted
            } catch let refusal as TinkerRefusal where refusal.status == 429 {
                await connection.gate.leave(isTooMuch: true)
                let deadline = connection.configuration.resultDeadline ?? .seconds(3600)
                guard connection.clock.now - start < deadline else {
                    await connection.waiting.goesOn(ticket)
                    throw refusal
                }
                await connection.waiting.waits(
                    ticket, for: "\(what): \(await connection.describe(refusal.failure))",
                    since: start)
                var wait: Duration =
                    request.tokens.count > Self.longPrompt ? .seconds(5) : .seconds(1)
                if case .status(let answer) = refusal.failure,
                    let asked = RetryAfter.wait(in: answer, now: connection.clock.date)
                {
                    wait = min(max(asked, .milliseconds(100)), .seconds(60))
                }
                do {
                    try await connection.clock.sleep(for: wait)
                } catch {
                    await connection.waiting.goesOn(ticket)
                    throw error
                }
            } catch {
                await connection.gate.leave()
                throw error
            }
        }
    }

    @concurrent private func body(
        _ request: TinkerSampleRequest, _ number: Int, _ lastScored: Int?
    ) async throws -> Data {
        try TinkerWire.sample(request, session: id, number: number, lastScored: lastScored)
    }
}
