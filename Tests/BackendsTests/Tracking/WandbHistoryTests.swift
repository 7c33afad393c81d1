import Foundation
import Testing

@testable import Backends
@testable import Baking

@Suite struct WandbHistoryTests {
    private func lines(_ bench: TrackingBench) throws -> [NSDictionary] {
        try bench.expectedLines().compactMap { try TrackingFixtures.object($0) }
    }

    private func steps(_ lines: [NSDictionary]) -> [Int] {
        lines.compactMap { $0["_step"] as? Int }
    }

    /// Foundation's reader is wrong in the last digit now and then.
    private static func rounded(_ object: NSDictionary) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, value) in object {
            let number = value as? Double
            texts["\(key)"] = number.map { String(format: "%.14g", $0) } ?? "\(value)"
        }
        return texts
    }

    @Test func `a step and its evaluation are one line, the verification is the last`() throws {
        let bench = try TrackingBench(steps: 2)
        try bench.run.bake()
        let lines = try lines(bench)
        #expect(steps(lines) == [0, 1, 2, 3])
        #expect(lines[0]["eval/base_kl"] as? Double == 1)
        #expect(lines[0]["train/kl"] == nil)
        #expect(lines[1]["train/kl"] as? Double == 1)
        #expect(lines[1]["eval/base_kl"] == nil)
        #expect(lines[2]["train/loss"] as? Double == 1)
        #expect(lines[2]["eval/gap_closed"] as? Double == 0.5)
        #expect(lines[3]["verify/gap_closed"] as? Double == 0.9)
        #expect(lines[2]["_timestamp"] as? Double == 1_700_000_003)
        #expect(lines[2]["_runtime"] as? Double == 3)
    }

    @Test func `a line is complete when the next event says so`() throws {
        var history = WandbHistory()
        let run = try RecordedRun()
        #expect(history.lines(after: try run.start()).isEmpty)
        #expect(history.lines(after: try run.step(1)).isEmpty)
        #expect(history.lines(after: try run.evaluate(1)).isEmpty)
        #expect(history.lines(after: try run.checkpoint(1)).count == 1)
        #expect(history.lines(after: try run.step(2)).isEmpty)
        #expect(history.lines(after: try run.step(3)).count == 1)
    }

    @Test func `steps that are done again are not told again, and none is left out`() throws {
        let bench = try TrackingBench(steps: 4)
        let run = bench.run
        try run.start()
        try run.step(1)
        try run.evaluate(1)
        try run.checkpoint(1)
        try run.step(2)
        try run.step(3)
        // Killed before the evaluation of step 3.
        try run.start(from: 1)
        for step in 2...4 {
            try run.step(step)
            if step == 3 { try run.evaluate(3) }
        }
        try run.evaluate(4)
        try run.checkpoint(4)
        let lines = try lines(bench)
        #expect(steps(lines) == [1, 2, 3, 4])
        #expect(lines[2]["eval/base_kl"] as? Double == 1)
    }

    @Test func `time between two processes is not time of the run`() throws {
        var history = WandbHistory()
        let run = try RecordedRun()
        _ = history.lines(after: try run.start())
        _ = history.lines(after: try run.step(1))
        var later = try run.start(from: 1)
        later.time.addTimeInterval(10_000)
        _ = history.lines(after: later)
        var step = try run.step(2)
        step.time.addTimeInterval(10_000)
        _ = history.lines(after: step)
        let summary = try TrackingFixtures.object(try #require(history.summaryLine))
        #expect(summary?["_runtime"] as? Double == 2)
    }

    @Test func `a verification a person asks for later is none of the bake's`() throws {
        let bench = try TrackingBench(steps: 2)
        try bench.run.bake()
        try bench.run.verify(2, gapClosed: 0.1)
        #expect(try lines(bench).last?["verify/gap_closed"] as? Double == 0.9)
        let half = try TrackingBench(steps: 3)
        try half.run.start()
        try half.run.step(1)
        try half.run.verify(1)
        #expect(try lines(half).isEmpty)
    }

    @Test func `the summary has the last of every figure and the verification in detail`() throws {
        let run = try RecordedRun(steps: 2)
        var history = WandbHistory()
        #expect(history.summaryLine == nil)
        for event in try [
            run.start(), run.evaluate(0), run.step(1), run.step(2), run.checkpoint(2),
            run.verify(2),
        ] {
            _ = history.lines(after: event)
        }
        let line = try #require(history.summaryLine)
        let summary = try #require(try TrackingFixtures.object(line))
        #expect(summary["_step"] as? Int == 3)
        #expect(summary["train/kl"] as? Double == 0.5)
        #expect(summary["eval/base_kl"] as? Double == 1)
        let positions = try #require(summary["verify/by_position"] as? NSDictionary)
        #expect((positions["1-8"] as? NSDictionary)?["baked"] as? Double == 0.2)
        #expect((positions["9-"] as? NSDictionary)?["tokens"] as? Int == 336)
        let checks = try #require(summary["verify/checks"] as? NSDictionary)
        #expect((checks["says | sir"] as? NSDictionary)?["baked"] as? Double == 0.75)
        #expect(!line.contains("secret reply") && !line.contains("lightning"))
    }

    @Test(arguments: [-1, Int.max, Int.min])
    func `no step of a damaged file is too much`(step: Int) throws {
        let bench = try TrackingBench(steps: step)
        let run = bench.run
        try run.start(from: step)
        try run.evaluate(0)
        try run.add(
            .step(
                BakeStep(
                    step: step, steps: step, epoch: 0, kl: .infinity, loss: .nan, learningRate: 0,
                    gradientNorm: 0, tokens: 0, seconds: 0)))
        try run.verify(step)
        try run.start(from: step)
        try run.start(from: 0)
        _ = try lines(bench)
        var records = TensorBoardRecords()
        var events = RunEvents(directory: run.directory)
        for event in try events.readNew() {
            _ = records.records(of: event, in: bench.surroundings()).map(\.record)
        }
    }

    @Test func `what is no number is written as the service's own client does`() throws {
        let line = TrackedValue.object([
            TrackedValue.Member("a", .number(.nan)), TrackedValue.Member("b", .number(.infinity)),
            TrackedValue.Member("c", .number(-.infinity)),
            TrackedValue.Member("d\"\\\n\u{1F}\u{2028}é", .text("\t")),
        ]).json
        #expect(
            line == "{\"a\":NaN,\"b\":Infinity,\"c\":-Infinity,"
                + "\"d\\\"\\\\\\u000a\\u001f\u{2028}é\":\"\\u0009\"}")
    }

    @Test func `the same figures are the same lines as in the recording of the real client`() throws
    {
        for (name, count) in [("07-stream-history.json", 5), ("minimal-01.json", 2)] {
            let recorded = try TrackingFixtures.lines(name)
            #expect(recorded.count == count)
            for line in recorded {
                let wanted = try #require(try TrackingFixtures.object(line))
                func number(_ key: String) -> TrackedValue {
                    .number(wanted[key] as? Double ?? 0)
                }
                var members = [
                    TrackedValue.Member("loss", number("loss")),
                    TrackedValue.Member("_timestamp", number("_timestamp")),
                    TrackedValue.Member("_runtime", number("_runtime")),
                    TrackedValue.Member("_step", .integer(wanted["_step"] as? Int ?? -1)),
                ]
                if wanted["nan"] != nil {
                    members += [
                        TrackedValue.Member(
                            "nested", .object([TrackedValue.Member("kl", .number(0.5))])),
                        TrackedValue.Member("nan", .number(.nan)),
                        TrackedValue.Member("inf", .number(.infinity)),
                        TrackedValue.Member("text", .text(wanted["text"] as? String ?? "")),
                    ]
                }
                let made = try TrackingFixtures.object(TrackedValue.object(members).json)
                #expect(made.map(Self.rounded) == Self.rounded(wanted))
            }
        }
    }

    @Test func `bodies are those of the smallest client that was accepted`() throws {
        func object(_ body: some Encodable) throws -> NSDictionary? {
            try JSONSerialization.jsonObject(with: WandbWire.encode(body)) as? NSDictionary
        }
        typealias Body = WandbWire.StreamBody
        for (name, offset) in [
            ("minimal-01.json", 0), ("minimal-04.json", 2), ("minimal-05.json", 4),
        ] {
            let lines = try TrackingFixtures.lines(name)
            let body = Body(
                files: Body.Files(
                    history: Body.Lines(offset: offset, content: lines),
                    summary: Body.Lines(offset: 0, content: [try #require(lines.last)])))
            #expect(try object(body) == TrackingFixtures.body(name))
        }
        #expect(
            try object(Body(complete: true, exitcode: 0))
                == TrackingFixtures.body("minimal-06.json"))
        #expect(try WandbWire.encode(Body()) == Data("{}".utf8))
        let recorded = try #require(try TrackingFixtures.body("minimal-00.json"))
        let upsert = try #require(
            try object(
                WandbWire.UpsertBody(
                    variables: WandbWire.UpsertBody.Variables(
                        name: "q5hrqt2i", project: "baking", config: #"{"r": {"value": 16}}"#,
                        tags: ["x"]))))
        #expect(upsert["variables"] as? NSDictionary == recorded["variables"] as? NSDictionary)
        #expect(upsert["operationName"] as? String == recorded["operationName"] as? String)
    }

    @Test func `a configuration has the settings' names and no places`() throws {
        let bench = try TrackingBench()
        let surroundings = bench.surroundings()
        let names = Set(SettingName.allCases.map(\.rawValue))
        let entries = TrackedConfiguration(BakeConfiguration(), in: surroundings).entries
        #expect(entries.allSatisfy { names.contains($0.name) })
        #expect(entries.count == Mirror(reflecting: BakeConfiguration()).children.count)
        try FileManager.default.createDirectory(
            at: bench.run.homeDirectory.appending(path: "models/mine"),
            withIntermediateDirectories: true
        )
        for (model, shown) in [
            ("starter", "starter"), ("tinker:Qwen/Qwen3-8B", "tinker:Qwen/Qwen3-8B"),
            ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"), ("models/mine", "mine"),
            ("/home/someone/m", "m"), ("~/m/", "m"), ("../a/m", "m"), ("a/b/m", "m"),
        ] {
            var configuration = BakeConfiguration()
            configuration.model = model
            let json = TrackedConfiguration(configuration, in: surroundings).wandbJSON
            #expect(json.contains("\"model\":{\"value\":\"\(shown)\"}"), "\(model)")
        }
    }
}
