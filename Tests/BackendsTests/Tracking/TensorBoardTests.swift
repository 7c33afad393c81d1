import Baking
import Foundation
import Testing

@testable import Backends

@Suite struct TensorBoardTests {
    private func files(_ bench: TrackingBench) throws -> [URL] {
        let board = bench.run.directory.appending(path: "tensorboard")
        return try FileManager.default.contentsOfDirectory(atPath: board.path).sorted()
            .map { board.appending(path: $0) }
    }

    /// The records of all files, versions left out, as if in one file.
    private func records(_ bench: TrackingBench) throws -> [UInt8] {
        try files(bench).flatMap { Array(try Data(contentsOf: $0)[40...]) }
    }

    private func expectedRecords(_ bench: TrackingBench) throws -> [UInt8] {
        var records = TensorBoardRecords()
        let surroundings = bench.surroundings()
        return try bench.run.events()
            .flatMap { records.records(of: $0, in: surroundings) }.flatMap(\.record)
    }

    @Test func `the sum of the nine digits is the published one`() {
        #expect(CRC32C.sum(of: Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func `the sample is reproduced to the byte`() throws {
        let time = 1_700_000_000.0
        var events = [TensorBoardEvent(wallTime: time, content: .version)]
        for index in 0..<5 {
            events.append(
                TensorBoardEvent(
                    wallTime: time, step: index * 10,
                    content: .values([
                        .scalar(tag: "train/loss", 1 / Float(index + 1)),
                        .scalar(tag: "train/kl", Float(0.1 * Double(index))),
                    ])))
        }
        events.append(
            TensorBoardEvent(
                wallTime: time, step: 0,
                content: .values([.text(tag: "config", "r=16, lr=1e-4")])))
        let sample = [UInt8](try Data(contentsOf: TrackingFixtures.url("sample.tfevents")))
        #expect(events.flatMap(\.record) == sample)
        #expect(TensorBoardWriter.recordCount(in: sample) == 7)
    }

    @Test func `a bake is one file, told as it goes`() async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking(["tensorboard"])
        tracking.take(try bench.run.start())
        for step in 1...3 { tracking.take(try bench.run.step(step)) }
        await tracking.finish(.interrupted)
        let names = try files(bench).map(\.lastPathComponent)
        #expect(names.count == 1)
        #expect(
            try #require(names.first).wholeMatch(
                of: /events\.out\.tfevents\.1700000000\.[A-Za-z0-9-]+\.[0-9]+\.0/) != nil)
        #expect(try records(bench) == expectedRecords(bench))
        let text = String(decoding: try records(bench), as: UTF8.self)
        #expect(text.contains("train/gradient_norm") && text.contains("| rank | 32 |"))
    }

    @Test(arguments: [0, 1, 20, 90])
    func `after a kill nothing is missing and nothing doubled`(torn: Int) async throws {
        let bench = try TrackingBench()
        let first = bench.tracking(["tensorboard"])
        first.take(try bench.run.start())
        try bench.run.evaluate(0)
        for step in 1...4 { try bench.run.step(step) }
        await first.finish(.interrupted)
        let file = try #require(try files(bench).first)
        // The kill came within a record.
        let whole = try Data(contentsOf: file)
        try whole.dropLast(torn).write(to: file)
        let left = TensorBoardWriter.recordCount(in: [UInt8](whole.dropLast(torn))) - 1
        #expect(left == 6 - (torn + 89) / 90)

        let second = bench.tracking(["tensorboard"])
        second.take(try bench.run.start(from: 2))
        for step in 3...6 { try bench.run.step(step) }
        try bench.run.evaluate(6)
        try bench.run.checkpoint(6)
        try bench.run.verify(6)
        try bench.run.finish()
        await second.finish(.finished)
        #expect(try files(bench).count == 2)
        #expect(try files(bench).last?.lastPathComponent.hasSuffix(".1") == true)
        let expected = try expectedRecords(bench)
        let bytes = try files(bench).map { [UInt8](try Data(contentsOf: $0)) }
        #expect(
            bytes.map { TensorBoardWriter.recordCount(in: $0) - 1 }.reduce(0, +)
                == TensorBoardWriter.recordCount(in: expected))
        #expect(Array(expected.suffix(bytes[1].count - 40)) == Array(bytes[1][40...]))

        // A finished run is written once.
        let third = bench.tracking(["tensorboard"])
        third.take(try #require(try bench.run.events().first))
        await third.finish(.finished)
        #expect(try files(bench).count == 2)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `no file is too damaged to be counted`(seed: UInt64) throws {
        var bytes = [UInt8](try Data(contentsOf: TrackingFixtures.url("sample.tfevents")))
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for _ in 0..<3 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
        }
        #expect((0...7).contains(TensorBoardWriter.recordCount(in: bytes)))
        #expect(TensorBoardWriter.recordCount(in: [UInt8](repeating: 0xFF, count: 64)) == 0)
        #expect(TensorBoardWriter.recordCount(in: Array(bytes.prefix(15))) == 0)
    }

    @Test func `a disk that does not take it ends the writing and nothing else`() async throws {
        let bench = try TrackingBench()
        let tracking = bench.tracking(["tensorboard"])
        try Data().write(to: bench.run.directory.appending(path: "tensorboard"))
        tracking.take(try bench.run.start())
        await tracking.finish(.finished)
        #expect(bench.log.notices.count == 1)
        #expect("\(bench.log.notices)".contains("stopped: "))
    }

    @Test func `a verification is a table, and no cell ends it`() {
        let table = VerificationTable(RecordedRun.report(6)).markdown
        #expect(table.contains("| KL in nats per response token | 1 | 0.1 |"))
        #expect(table.contains("| 9- | 336 | 0.5 | 0.05 |"))
        #expect(table.contains("| says \\| sir | baked | 0.75 |"))
        #expect(!table.contains("secret reply"))
    }

    /// The real reader, where `OVEN_TENSORBOARD_PYTHON` names a Python that has it.
    private static let python = ProcessInfo.processInfo.environment["OVEN_TENSORBOARD_PYTHON"]

    private struct Read: Decodable {
        var scalars: [String: [[Double]]]
        var texts: [String: String]
    }

    @Test(.enabled(if: python != nil))
    func `the real reader reads what was written`() async throws {
        let bench = try TrackingBench()
        let first = bench.tracking(["tensorboard"])
        first.take(try bench.run.start())
        try bench.run.evaluate(0)
        for step in 1...4 { try bench.run.step(step, kl: 9) }
        await first.finish(.interrupted)
        let file = try #require(try files(bench).first)
        try Data(contentsOf: file).dropLast(20).write(to: file)
        let second = bench.tracking(["tensorboard"])
        second.take(try bench.run.start(from: 2))
        for step in 3...6 { try bench.run.step(step) }
        try bench.run.evaluate(6)
        try bench.run.checkpoint(6)
        try bench.run.verify(6)
        try bench.run.finish()
        await second.finish(.finished)

        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = [
            TrackingFixtures.url("check_tensorboard.py").path,
            bench.run.directory.appending(path: "tensorboard").path,
        ]
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let read = try JSONDecoder().decode(Read.self, from: data)
        // Steps 3 and 4 of the first process are gone.
        #expect(read.scalars["train/kl"]?.map { $0[0] } == [1, 2, 3, 4, 5, 6])
        let wanted: [Float] = [9, 9, 1 / 3, 1 / 4, 1 / 5, 1 / 6]
        #expect(read.scalars["train/kl"]?.map { Float($0[1]) } == wanted)
        #expect(read.scalars["eval/held_out_kl"]?.map { $0[0] } == [0, 6])
        #expect(read.scalars["verify/gap_closed"]?.count == 1)
        #expect(read.texts["configuration"]?.contains("| rank | 32 |") == true)
        #expect(read.texts["verify/report"]?.contains("| position |") == true)
        #expect(read.scalars.keys.count == 16)
    }
}
