import Foundation
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct TeacherRowFileTests {
    private let rows = [
        TopKRow(ids: [7, 3], logprobs: [-0.5, -1.25], tailLogMass: -2),
        TopKRow(ids: [1, 9], logprobs: [-0.1, -3], tailLogMass: -.infinity),
    ]
    private let key = sha256(parts: ["a"])

    @Test func `records come back as they were`() {
        let data =
            TeacherRowFile.record(key: key, rows: rows)
            + TeacherRowFile.record(key: sha256(parts: ["b"]), rows: [rows[0]])
        let (targets, byteCount) = TeacherRowFile.read(data)
        #expect(targets == [key: rows, sha256(parts: ["b"]): [rows[0]]])
        #expect(byteCount == data.count)
    }

    @Test func `wherever the file was cut the whole records remain`() {
        let first = TeacherRowFile.record(key: key, rows: rows)
        let data = first + TeacherRowFile.record(key: sha256(parts: ["b"]), rows: rows)
        for length in 0..<data.count {
            let (targets, byteCount) = TeacherRowFile.read(data.prefix(length))
            #expect(targets.count == (length < first.count ? 0 : 1))
            #expect(byteCount == (length < first.count ? 0 : first.count))
        }
    }

    @Test func `whichever byte is damaged the record is dropped`() {
        let record = TeacherRowFile.record(key: key, rows: rows)
        for index in record.indices {
            var damaged = record
            damaged[index] ^= 0x41
            #expect(TeacherRowFile.read(damaged).targets.isEmpty)
        }
    }

    @Test func `absurd sizes are refused without a crash`() {
        var data = TeacherRowFile.record(key: key, rows: rows)
        for offset in [4, 8] {
            data.replaceSubrange(offset..<offset + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
            #expect(TeacherRowFile.read(data).targets.isEmpty)
        }
    }

    @Test func `the tensor file keeps order, boundaries and the mass of the tail`() throws {
        let directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "teacher.safetensors")
        try TeacherTensorFile.write([("x", rows), ("y", [rows[0]])], to: file)
        let targets = try TeacherTensorFile.read(file)
        #expect(targets.map(\.key) == ["x", "y"])
        #expect(targets.map(\.rows) == [rows, [rows[0]]])
        let tensors = try SafetensorsFile(path: file.path)
        #expect(try tensors.tensor("starts").dtype == .i64)
        #expect(try tensors.integers("starts") == [0, 2, 3])
        #expect(try tensors.tensor("ids").shape == [3, 2])
    }

    @Test func `a tensor file whose boundaries lie is refused`() throws {
        let directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "teacher.safetensors")
        for starts: [Int64] in [[0, 9], [1, 2], [0, 2, 2], [0, 5, 2]] {
            var writer = SafetensorsWriter(metadata: [
                "keys": starts.dropFirst().map { "\($0)" }.joined(separator: " ")
            ])
            writer.add("ids", shape: [2, 2], integers: [1, 2, 3, 4])
            writer.add("logprobs", shape: [2, 2], floats: [-1, -1, -1, -1])
            writer.add("tailLogMass", shape: [2], floats: [-1, -1])
            writer.add("starts", shape: [starts.count], longIntegers: starts)
            try writer.write(to: file.path)
            #expect(throws: RunError.self) { try TeacherTensorFile.read(file) }
        }
    }
}
