import Baking
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Backends

/// The same over sockets, with the client that programs use.
@Suite(.timeLimit(.minutes(15))) struct WandbNetworkTests {
    private static func server(_ recorder: WandbRecorder, _ clock: SteppedClock) throws
        -> FaultServer
    {
        try FaultServer { connection in
            while let request = connection.request() {
                let call = WandbRecorder.Call(
                    path: request.path, body: request.body,
                    authorization: request.headers["authorization"] ?? "", time: clock.now)
                guard let answer = answer(of: recorder, to: call) else {
                    connection.reset()
                    return
                }
                connection.answer(
                    answer.status, answer.body,
                    headers: answer.headers.fields.map { "\($0.name): \($0.value)" })
            }
        }
    }

    /// A connection has a thread of its own, which may wait.
    private static func answer(
        of recorder: WandbRecorder, to call: WandbRecorder.Call
    ) -> (status: Int, headers: HTTPHeaders, body: String)? {
        let isThere = DispatchSemaphore(value: 0)
        let box = Mutex<(status: Int, headers: HTTPHeaders, body: String)?>(nil)
        Task {
            let answer = await recorder.answer(call)
            box.withLock { $0 = answer }
            isThere.signal()
        }
        isThere.wait()
        return box.withLock { $0 }
    }

    @Test func `whatever a network does, each line is there once and in order`() async throws {
        let bench = try TrackingBench()
        let server = try Self.server(bench.recorder, bench.clock)
        await bench.recorder.replyToUpsert(.dropped, .status(502))
        await bench.recorder.reply(
            .status(429, ["Retry-After": "0.5"]), .dropped, .lost, .status(500))
        try bench.run.bake()
        let tracking = RunTracking(
            ["wandb"],
            surroundings: bench.surroundings(["WANDB_BASE_URL": server.url("").absoluteString]),
            caller: HTTPCaller(transport: HTTPClient(), clock: bench.clock, random: { 0 }),
            notify: { [log = bench.log] in log.add($0) })
        tracking.take(try #require(try bench.run.events().first))
        let recorder = bench.recorder
        // How often there is a wait is up to the client's library too: a connection that was used
        // before and is found closed it replaces without a word.
        while await !recorder.has(8) { await bench.clock.step() }
        let waits = Task { [clock = bench.clock] in
            while !Task.isCancelled { await clock.step(2) }
        }
        await tracking.finish(.finished)
        waits.cancel()
        #expect(try await recorder.history == bench.expectedLines())
        #expect(await recorder.faults.isEmpty)
        #expect(await recorder.exitCode == 0)
        let basic = Data("api:\(TrackingBench.key)".utf8).base64EncodedString()
        #expect(await recorder.calls.allSatisfy { $0.authorization == "Basic \(basic)" })
        let state = try #require(await tracking.states.first)
        #expect(
            state.hasPrefix("W&B: 8 lines sent, http://127.0.0.1:\(server.port)/acme/oven/runs/"))
    }
}
