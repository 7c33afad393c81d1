import Foundation
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Damaged answers are read to the end or refused; they never trap.
@Suite struct WireFuzzTests {
    /// Everything that reads answers, on the same bytes.
    private func read(_ data: Data) {
        let request = TinkerSampleRequest(
            tokens: [10, 11, 12, 13], maximumTokenCount: 4, temperature: 1, scoresTokens: true)
        _ = try? TinkerProto.output(data, datumCount: 2)
            .checked(against: WireRequestTests.vectors[...])
        _ = try? TinkerWire.output(data).checked(against: WireRequestTests.vectors[...])
        _ = try? TinkerProto.sample(data).checked(against: request)
        _ = try? TinkerWire.sample(data).checked(against: request)
        _ = try? TinkerWire.answer(TinkerWire.FutureHead.self, from: data)
        _ = try? TinkerWire.answer(TinkerWire.Detail.self, from: data).text
        _ = try? TinkerWire.answer(TinkerWire.StepAnswer.self, from: data)
        _ = try? TinkerWire.answer(TinkerWire.CheckpointsAnswer.self, from: data)
        if let flags = try? TinkerWire.answer(TinkerWire.ClientConfigAnswer.self, from: data) {
            _ = TinkerFlags(flags)
        }
    }

    @Test func `flipped and cut answers do not trap`() throws {
        var random = SeededGenerator(seed: 11)
        for file in try WireRecording.files() {
            for recording in try WireRecording.all(file) {
                let whole = try recording.answer
                read(whole)
                for _ in 0..<40 {
                    var data = whole
                    for _ in 0..<Int.random(in: 1...4, using: &random) where !data.isEmpty {
                        let index = Int.random(in: data.indices, using: &random)
                        data[index] = UInt8.random(in: 0...255, using: &random)
                    }
                    if Bool.random(using: &random) {
                        data = data.prefix(Int.random(in: 0...data.count, using: &random))
                    }
                    read(data)
                }
            }
        }
    }

    /// Of the recorded protobuf answers every byte takes its worst values.
    @Test(arguments: ["retrieve_future.ForwardBackward", "retrieve_future.Sample"])
    func `extreme bytes anywhere do not trap`(file: String) throws {
        for recording in try WireRecording.all(file) where recording.isProtobufAnswer {
            let whole = try recording.answer
            for index in whole.indices {
                for byte: UInt8 in [0, 0x7F, 0xFF] {
                    var data = whole
                    data[index] = byte
                    _ = try? TinkerProto.output(data, datumCount: 2)
                    _ = try? TinkerProto.sample(data)
                }
            }
        }
    }
}
