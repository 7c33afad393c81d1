import Baking
import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Many thousands of faults: no request is applied twice, none is lost, and their order stays.
@Suite struct ClientFaultTests {
    /// Faults at random, but never so many in a row for one request that giving up would be right.
    private final class Faults: Sendable {
        private let state: Mutex<(random: SeededGenerator, count: Int, inRow: [String: Int])>

        init(seed: UInt64) { state = Mutex((SeededGenerator(seed: seed), 0, [:])) }

        var count: Int { state.withLock { $0.count } }

        func next(_ call: ClientServer.Call) -> ClientServer.Fault? {
            state.withLock { state in
                // Polls are told apart by what they wait for.
                let id =
                    call.path == "retrieve_future"
                    ? call.json["request_id"] as? String ?? ""
                    : call.headers["X-Idempotency-Key"] ?? call.path
                guard state.inRow[id, default: 0] < 5,
                    Int.random(in: 0..<3, using: &state.random) > 0
                else {
                    state.inRow[id] = 0
                    return nil
                }
                state.inRow[id, default: 0] += 1
                state.count += 1
                return Self.fault(
                    isPoll: call.path == "retrieve_future",
                    isFirstPass: call.path == "forward_backward", &state.random)
            }
        }

        private static func fault(
            isPoll: Bool, isFirstPass: Bool, _ random: inout SeededGenerator
        ) -> ClientServer.Fault {
            let host = "server.test"
            switch Int.random(in: 0..<10, using: &random) {
            case 0: return .fails(.cannotConnect(host: host, why: "refused"))
            case 1: return .fails(.cut(host: host, why: "reset"))
            case 2: return .loses(.cut(host: host, why: "reset"))
            case 3: return .loses(.timedOut(host: host, waitingFor: "the answer"))
            case 4: return .answer(429, headers: ["Retry-After": "3"])
            case 5: return .answer(503, "<html>")
            case 6: return .answer(502)
            case 7: return .answer(408)
            case 8: return isPoll ? .answer(200, #"{"type":"try_again"}"#) : .answer(409)
            default: return isPoll ? .answer(500) : .loses(.cut(host: host, why: "again"))
            }
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `random faults change nothing`(seed: UInt64) async throws {
        let faults = Faults(seed: seed)
        var options = ClientServer.Options()
        options.unreadyCount = 1
        options.announcesSize = seed == 2
        options.readsProtobuf = seed != 3
        options.config = #"{"fwdbwd_max_chunk_len":2}"#
        options.fault = { faults.next($0) }
        let harness = try ClientHarness(options) {
            $0.wire = seed == 3 ? .json : .auto
            // Everybody's sleeps add up, so time says nothing here.
            $0.longestRetry = .seconds(1_000_000_000)
            $0.longestOutage = .seconds(1_000_000_000)
        }
        let model = try await harness.model()
        var expected: [ClientServer.Applied] = []
        var step = 0
        while faults.count < 4000 {
            // Four steps are on their way at a time, each of a pass in two pieces and a step.
            var passes: [(TinkerPending<TinkerPassResult>, [TinkerDatum])] = []
            var steps: [TinkerPending<[String: Double]>] = []
            for _ in 0..<4 {
                step += 1
                let data = [step, step + 5000, step + 9000].map { ClientHarness.datum($0) }
                passes.append((await model.pass(data, isTraining: true), data))
                steps.append(await model.step(ClientHarness.adam(step)))
                for (kind, mark) in [("pass", step), ("pass", step + 9000), ("step", step)] {
                    expected.append(
                        ClientServer.Applied(number: expected.count + 1, kind: kind, mark: mark))
                }
            }
            for (pass, data) in passes {
                let result = try await pass.value
                #expect(
                    result.logprobs
                        == data.map { $0.targets.map { ClientServer.logprob(of: $0.index) } })
            }
            for step in steps { #expect(try await step.value == ["grad_norm:mean": 0.5]) }
        }
        #expect(harness.server.applied(model.id) == expected)
        #expect(faults.count >= 4000)
    }
}
