import Foundation
import Testing

@testable import Transformer

@Suite struct SafetensorsWriterTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `what is written is read back`() throws {
        let path = folder.path("file.safetensors")
        var writer = SafetensorsWriter(metadata: ["step": "12", "note": "a \"quoted\"\nline \u{1}"])
        let many = (0..<100_000).map { Float($0) }
        writer.add("tokens", shape: [3], integers: [1, -2, 3])
        writer.add("b", shape: [2, 2], floats: [1, 2, 3, 4.5], as: .f16)
        writer.add("a", shape: [], floats: [1.0039], as: .bf16)
        writer.add("ü", shape: [100, 1000], floats: many)
        writer.add("empty", shape: [0, 3], floats: [])
        try writer.write(to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata["format"] == "pt" && file.metadata["step"] == "12")
        #expect(file.metadata["note"] == "a \"quoted\"\nline \u{1}")
        #expect(file.names == ["empty", "tokens", "ü", "a", "b"])
        #expect(try file.integers("tokens") == [1, -2, 3])
        #expect(try file.floats("b") == [1, 2, 3, 4.5])
        #expect(try file.floats("a") == [1])
        #expect(try file.floats("ü") == many)
        #expect(try file.tensor("empty").shape == [0, 3])
        #expect(try folder.names == ["file.safetensors"])

        var copy = SafetensorsWriter(metadata: file.metadata)
        for name in file.names { copy.add(try file.tensor(name)) }
        try copy.write(to: folder.path("copy"))
        #expect(
            try Data(contentsOf: URL(filePath: path))
                == Data(contentsOf: URL(filePath: folder.path("copy"))))
    }

    @Test func `the data begins at a multiple of eight`() throws {
        for length in 1...8 {
            let path = folder.path("file")
            var writer = SafetensorsWriter()
            writer.add(String(repeating: "x", count: length), shape: [1], floats: [1])
            try writer.write(to: path)
            #expect(try Data(contentsOf: URL(filePath: path)).count % 8 == 4)
        }
    }

    @Test(arguments: [
        (ENOSPC, "the disk is full"), (EFBIG, "larger than allowed"), (EDQUOT, "quota"),
        (EIO, "cannot write"),
    ])
    func `a file that cannot be written whole leaves the old one alone`(
        code: Int32, message: String
    ) throws {
        let path = folder.path("file")
        var writer = SafetensorsWriter()
        writer.add("x", shape: [1], floats: [1])
        try writer.write(to: path)
        let before = try Data(contentsOf: URL(filePath: path))

        writer.add("y", shape: [1000], floats: [Float](repeating: 2, count: 1000))
        var room = 1500
        let error = #expect(throws: SafetensorsError.self) {
            let file = try AtomicFile(path: path) { descriptor, bytes, count in
                guard room > 0 else {
                    errno = code
                    return -1
                }
                // As the system does: what fits is written, then nothing more.
                let written = write(descriptor, bytes, min(count, room))
                room -= written
                return written
            }
            try writer.write(to: file)
        }
        #expect(error?.description.contains(message) == true)
        #expect(error?.description.contains(path) == true)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        #expect(try folder.names == ["file"])
    }

    @Test func `a write that is interrupted or short goes on`() throws {
        var calls = 0
        let file = try AtomicFile(path: folder.path("file")) { descriptor, bytes, count in
            calls += 1
            if calls.isMultiple(of: 2) {
                errno = EINTR
                return -1
            }
            return write(descriptor, bytes, min(count, 3))
        }
        try file.append(Array("0123456789".utf8))
        try file.commit()
        #expect(try Data(contentsOf: URL(filePath: folder.path("file"))) == Data("0123456789".utf8))
    }

    @Test func `a folder that does not exist is named`() throws {
        var writer = SafetensorsWriter()
        writer.add("x", shape: [1], floats: [1])
        let error = #expect(throws: SafetensorsError.self) {
            try writer.write(to: folder.path("none/file"))
        }
        #expect(error?.description.contains("none/file") == true)
    }

    @Test func `a folder appears whole or not at all`() throws {
        do {
            let folder = try AtomicFolder(path: folder.path("given up"))
            try Data("x".utf8).write(to: URL(filePath: folder.temporaryPath + "/file"))
        }
        #expect(try folder.names.isEmpty)
        let kept = try AtomicFolder(path: folder.path("kept"))
        try Data("x".utf8).write(to: URL(filePath: kept.temporaryPath + "/file"))
        let late = try AtomicFolder(path: folder.path("kept"))
        try kept.commit()
        let error = FileError.cannotWrite(
            path: folder.path("kept"), reason: "it is there already")
        #expect(throws: error) { try late.commit() }
        #expect(throws: error) { try AtomicFolder(path: folder.path("kept")) }
        #expect(FileManager.default.fileExists(atPath: folder.path("kept/file")))
    }
}
