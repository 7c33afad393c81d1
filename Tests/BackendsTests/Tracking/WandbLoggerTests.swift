import Foundation
import Testing

@testable import Backends
@testable import Baking

/// Every clock here stands still until a test moves it.
@Suite(.timeLimit(.minutes(15))) struct WandbLoggerTests {
    private static let page = "https://wandb.ai/acme/oven/runs/"

    private func runID(_ recorder: WandbRecorder) async -> String {
        let path = await recorder.streams.first?.path ?? ""
        return path.split(separator: "/").dropFirst(3).first.map(String.init) ?? ""
    }

    @Test func `a run is made, its lines come each once and in order, and it is ended`()
        async throws
    {
        let bench = try TrackingBench()
        let tracking = bench.tracking()
        tracking.take(try bench.run.start())
        await bench.clock.step()
        tracking.take(try bench.run.evaluate(0))
        for step in 1...3 { tracking.take(try bench.run.step(step)) }
        await bench.clock.step()
        for step in 4...6 { tracking.take(try bench.run.step(step)) }
        tracking.take(try bench.run.evaluate(6))
        tracking.take(try bench.run.checkpoint(6))
        await bench.clock.step()
        tracking.take(try bench.run.verify(6))
        tracking.take(try bench.run.finish())
        await tracking.finish(.finished)
        let recorder = bench.recorder
        #expect(try await recorder.history == bench.expectedLines())
        #expect(await recorder.history.count == 8)
        #expect(await recorder.faults.isEmpty)
        #expect(await recorder.exitCode == 0)
        #expect(await recorder.summary?.contains("verify/by_position") == true)
        let id = await runID(recorder)
        #expect(id.count == 8)
        #expect(await tracking.states == ["W&B: 8 lines sent, \(Self.page)\(id)"])
        #expect(await recorder.calls.first?.path == "/graphql")
        #expect(
            await recorder.streams.allSatisfy { $0.path == "/files/acme/oven/\(id)/file_stream" })
        let basic = Data("api:\(TrackingBench.key)".utf8).base64EncodedString()
        #expect(await recorder.calls.allSatisfy { $0.authorization == "Basic \(basic)" })
    }

    private static let faults: [WandbRecorder.Reply] = [
        .status(429, ["Retry-After": "3"]), .status(500), .status(502), .status(408), .dropped,
        .lost, .body("<html>log in first</html>"),
    ]

    @Test(arguments: faults.indices)
    func `after any failure that passes each line is there once`(index: Int) async throws {
        let fault = Self.faults[index]
        let bench = try TrackingBench()
        try bench.run.bake()
        await bench.recorder.reply(fault, fault, .accepted, fault)
        let tracking = bench.tracking()
        tracking.take(try #require(try bench.run.events().first))
        await bench.clock.step()
        await bench.clock.step()
        // The lines are there, or wait for a second look; then the end fails once.
        let end = Task { await tracking.finish(.finished) }
        await bench.clock.step(2)
        await end.value
        #expect(try await bench.recorder.history == bench.expectedLines())
        #expect(await bench.recorder.faults.isEmpty)
        #expect(await bench.recorder.exitCode == 0)
    }

    @Test func `a body is sent again unchanged, after the time that is asked for or grows`()
        async throws
    {
        let bench = try TrackingBench()
        try bench.run.bake()
        await bench.recorder.reply(
            .status(429, ["Retry-After": "3"]), .status(500), .status(503), .accepted)
        let tracking = bench.tracking()
        tracking.take(try #require(try bench.run.events().first))
        for _ in 0..<3 { await bench.clock.step() }
        await tracking.finish(.finished)
        let streams = await bench.recorder.streams.prefix(4)
        // The recording of the real client: 3.0 s, then 4 s and 8 s and up to a quarter more.
        #expect(streams.map(\.time) == [.zero, .seconds(3), .seconds(7), .seconds(15)])
        #expect(Set(streams.map(\.body)).count == 1)
    }

    @Test func `silence is broken every 30 s`() async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking()
        tracking.take(try bench.run.start())
        for _ in 0..<7 { await bench.clock.step() }
        await tracking.finish(.interrupted)
        let streams = await bench.recorder.streams
        #expect(streams.dropLast().map(\.text) == ["{}", "{}"])
        #expect(streams.dropLast().map(\.time) == [.seconds(30), .seconds(60)])
        #expect(streams.last?.text == #"{"complete":true,"exitcode":255}"#)
    }

    @Test func `Stop on the page stops the bake, once`() async throws {
        let bench = try TrackingBench()
        await bench.recorder.reply(.stopped, .stopped)
        let tracking = bench.tracking()
        tracking.take(try bench.run.start())
        tracking.take(try bench.run.step(1))
        tracking.take(try bench.run.checkpoint(1))
        await tracking.finish(.interrupted)
        #expect(bench.log.stopCount == 1)
        #expect(await bench.recorder.exitCode == 255)
    }

    @Test(arguments: [400, 401, 403, 404, 409, 410, 413, 422, 501])
    func `what the service refuses ends the sending and nothing else`(status: Int) async throws {
        let bench = try TrackingBench()
        await bench.recorder.reply(.accepted, .status(status, [:], #"{"error":"bad line"}"#))
        let tracking = bench.tracking()
        let start = try bench.run.start()
        try bench.run.step(1)
        try bench.run.step(2)
        tracking.take(start)
        await bench.clock.untilAsleep()
        for step in 3...6 { tracking.take(try bench.run.step(step)) }
        tracking.take(try bench.run.checkpoint(6))
        tracking.take(try bench.run.verify(6))
        tracking.take(try bench.run.finish())
        await tracking.finish(.finished)
        #expect(await bench.recorder.streams.count == 2)
        #expect(await bench.recorder.history.count == 1)
        #expect(
            await tracking.states == ["W&B: stopped (\(status) bad line), 6 lines kept locally"])
        #expect(try bench.run.events().count == 10)
        #expect(
            bench.log.notices.contains {
                if case .warning("W&B", let text) = $0 { text.contains("bad line") } else { false }
            })
    }

    @Test func `what was missed while the network was away is caught up with`() async throws {
        let bench = try TrackingBench(steps: 2000)
        await bench.recorder.reply(.dropped, .dropped, .dropped)
        let tracking = bench.tracking()
        let start = try bench.run.start()
        try bench.run.step(1)
        try bench.run.step(2)
        tracking.take(start)
        await bench.clock.untilAsleep()
        #expect(await tracking.states == ["W&B: waiting for the network, 1 line to send"])
        await bench.clock.step()
        await bench.clock.untilAsleep()
        for step in 3...2000 { tracking.take(try bench.run.step(step)) }
        #expect(await tracking.states == ["W&B: waiting for the network, 1999 lines to send"])
        await bench.clock.step()
        await bench.clock.step()
        await bench.clock.untilAsleep()
        #expect(await bench.recorder.history.count == 1999)
        tracking.take(try bench.run.checkpoint(2000))
        await tracking.finish(.failed)
        #expect(try await bench.recorder.history == bench.expectedLines())
        #expect(await bench.recorder.faults.isEmpty)
        #expect(await bench.recorder.exitCode == 1)
        #expect(bench.log.notices.contains(.resumed(service: "W&B")))
        let largest = await bench.recorder.streams.map(\.body.count).max()
        #expect(try #require(largest) < 3 << 20)
    }

    @Test func `the end waits for a bounded time and says what was not sent`() async throws {
        let bench = try TrackingBench()
        try bench.run.bake()
        await bench.recorder.reply(.dropped, .dropped, .dropped, .dropped, .dropped, .dropped)
        let tracking = bench.tracking()
        tracking.take(try #require(try bench.run.events().first))
        await bench.clock.untilAsleep()
        let end = Task { await tracking.finish(.finished, within: .seconds(25)) }
        for _ in 0..<4 { await bench.clock.step(2) }
        await end.value
        #expect(bench.clock.now == .seconds(25))
        #expect(
            await tracking.states
                == ["W&B: 8 lines not sent; the same command sends what is missing"])
        // Which it does.
        await bench.recorder.reply()
        let again = bench.tracking()
        again.take(try #require(try bench.run.events().first))
        await again.finish(.finished)
        #expect(try await bench.recorder.history == bench.expectedLines())
        #expect(await bench.recorder.exitCode == 0)
        // And once is enough.
        let count = await bench.recorder.calls.count
        let third = bench.tracking()
        third.take(try #require(try bench.run.events().first))
        await third.finish(.finished)
        #expect(await bench.recorder.calls.count == count)
        #expect(await third.states == again.states)
    }

    @Test(arguments: [-1, 0, 1])
    func `a run that is continued goes on where the service is`(difference: Int) async throws {
        let bench = try TrackingBench()
        let first = bench.tracking()
        first.take(try bench.run.start())
        for step in 1...3 { first.take(try bench.run.step(step)) }
        await first.finish(.interrupted)
        #expect(await bench.recorder.history.count == 2)
        #expect(await bench.recorder.exitCode == 255)
        // The service has fewer or more than was acknowledged.
        if difference < 0 { await bench.recorder.lose(from: 1) }
        if difference > 0 {
            var record = try #require(
                WandbRecord(directory: bench.run.directory, server: "https://api.wandb.ai"))
            record.acknowledged = 1
            try record.write(to: bench.run.directory)
        }
        let second = bench.tracking()
        second.take(try bench.run.start(from: 0))
        for step in 1...6 { second.take(try bench.run.step(step)) }
        second.take(try bench.run.checkpoint(6))
        second.take(try bench.run.verify(6))
        second.take(try bench.run.finish())
        await second.finish(.finished)
        let lines = try await bench.recorder.history.map { try TrackingFixtures.object($0) }
        #expect(lines.map { $0?["_step"] as? Int } == [1, 2, 3, 4, 5, 6, 7])
        #expect(await bench.recorder.faults.isEmpty)
        #expect(Set(await bench.recorder.streams.map(\.path)).count == 1)
        // What a person changed on the page stays.
        let upserts = await bench.recorder.calls.filter { !$0.isStream }
        #expect(upserts.map { $0.text.contains("displayName\":\"butler-1") } == [true, false])
    }

    @Test func `lines whose answer was lost before a kill are not sent twice`() async throws {
        let bench = try TrackingBench()
        await bench.recorder.reply(.lost, .dropped, .dropped)
        let first = bench.tracking()
        let start = try bench.run.start()
        for step in 1...3 { try bench.run.step(step) }
        first.take(start)
        await bench.clock.untilAsleep()
        let end = Task { await first.finish(.interrupted, within: .seconds(1)) }
        await bench.clock.step(2)
        await end.value
        #expect(await bench.recorder.history.count == 2)
        let before = await bench.recorder.streams.count
        // The network is back.
        await bench.recorder.reply()
        let second = bench.tracking()
        second.take(try bench.run.start(from: 3))
        for step in 4...6 { second.take(try bench.run.step(step)) }
        second.take(try bench.run.checkpoint(6))
        await second.finish(.interrupted)
        #expect(try await bench.recorder.history == bench.expectedLines())
        #expect(await bench.recorder.faults.isEmpty)
        let next = await bench.recorder.streams[before]
        #expect(next.text.contains(#""offset":2"#))
    }

    @Test(arguments: ["errors", "status", "html", "nothing"])
    func `a run that cannot be made is told and nothing else`(kind: String) async throws {
        let bench = try TrackingBench()
        switch kind {
        case "errors":
            await bench.recorder.replyToUpsert(
                .body(#"{"data":null,"errors":[{"message":"no such project"}]}"#))
        case "status":
            await bench.recorder.replyToUpsert(
                .status(404, [:], #"{"errors":[{"message":"no such project"}]}"#))
        case "html": await bench.recorder.replyToUpsert(.body("{no such project"))
        default: await bench.recorder.replyToUpsert(.body(""))
        }
        let tracking = bench.tracking()
        tracking.take(try bench.run.start())
        tracking.take(try bench.run.step(1))
        await tracking.finish(.failed)
        #expect(await bench.recorder.streams.isEmpty)
        let state = try #require(await tracking.states.first)
        #expect(state.hasPrefix("W&B: stopped (") && state.hasSuffix("0 lines kept locally"))
        if kind == "errors" || kind == "status" { #expect(state.contains("no such project")) }
    }

    @Test func `a key is in no file, no body and no message`() async throws {
        let bench = try TrackingBench()
        let key = TrackingBench.key
        await bench.recorder.reply(
            .status(503, [:], #"{"error":"\#(key)"}"#), .accepted,
            .status(403, [:], #"{"error":{"message":"the key \#(key) is bad\u001b[2J\u202e"}}"#))
        let tracking = bench.tracking(["wandb", "tensorboard"])
        try bench.run.bake()
        tracking.take(try #require(try bench.run.events().first))
        await bench.clock.step()
        await tracking.finish(.finished)
        let basic = Data("api:\(key)".utf8).base64EncodedString()
        let messages = bench.log.notices.map { "\($0)" } + (await tracking.states)
        #expect(messages.contains { $0.contains("(key)") })
        #expect(messages.allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\u{202E}") })
        let bodies = await bench.recorder.calls.map(\.text)
        for text in messages + bodies + (try bench.run.texts()) {
            #expect(!text.contains(key) && !text.contains(basic))
        }
        #expect(bodies.allSatisfy { !$0.contains(bench.run.homeDirectory.lastPathComponent) })
    }

    @Test(arguments: ["offline", "disabled", "sometimes"])
    func `a mode that says so sends nothing, and a person is told`(mode: String) async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking(["wandb"], ["WANDB_MODE": mode])
        tracking.take(try bench.run.start())
        await tracking.finish(.finished)
        #expect(await bench.recorder.calls.isEmpty)
        #expect(bench.log.notices.count == 1)
        #expect("\(bench.log.notices)".contains("WANDB_MODE is \(mode)"))
    }

    @Test func `names are part of an address only in quotes`() async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking(
            ["wandb"],
            ["WANDB_ENTITY": "a/../b", "WANDB_PROJECT": "my bake?é", "WANDB_TAGS": "x,y"])
        tracking.take(try bench.run.start())
        await tracking.finish(.interrupted)
        let path = try #require(await bench.recorder.streams.first?.path)
        #expect(path.hasPrefix("/files/a%2F..%2Fb/my%20bake%3F%C3%A9/"))
        #expect(await bench.recorder.calls[0].text.contains(#""tags":["x","y"]"#))
    }

    @Test func `a bake that never began has nothing to send`() async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking(["wandb", "tensorboard"])
        await tracking.finish(.failed)
        #expect(await bench.recorder.calls.isEmpty)
        #expect(bench.log.notices.isEmpty)
    }

    @Test(arguments: [
        "", "{", "[]", #"{"format":1}"#,
        #"{"format":1,"server":"https://api.wandb.ai","run":"../../x","project":"p","acknowledged":0}"#,
        #"{"format":1,"server":"https://api.wandb.ai","run":"abc","project":"p","acknowledged":-5}"#,
        #"{"format":2,"server":"https://api.wandb.ai","run":"abc","project":"p","acknowledged":0}"#,
    ])
    func `a damaged record of what was sent is none`(text: String) async throws {
        let bench = try TrackingBench()
        let started = try bench.run.bake()
        try Data(text.utf8).write(to: bench.run.directory.appending(path: "wandb.json"))
        let tracking = bench.tracking()
        tracking.take(started)
        await tracking.finish(.finished)
        #expect(try await bench.recorder.history == bench.expectedLines())
        #expect(await runID(bench.recorder).count == 8)
    }

    @Test(arguments: [Int.max, Int.min, -1])
    func `a service may count as it likes`(count: Int) async throws {
        let bench = try TrackingBench()
        let started = try bench.run.bake()
        await bench.recorder.report(lineCount: count)
        let tracking = bench.tracking()
        tracking.take(started)
        await tracking.finish(.finished)
        #expect(await bench.recorder.exitCode == 0)
        #expect(await bench.recorder.history.count == (count > 0 ? 0 : 8))
    }
}
