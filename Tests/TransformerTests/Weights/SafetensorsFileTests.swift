import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct SafetensorsFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file of this header and so many bytes of data.
    static func bytes(_ header: String, dataByteCount: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
            + Array(header.utf8) + [UInt8](repeating: 0, count: dataByteCount)
    }

    func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
        try SafetensorsFile(path: try folder.write(bytes, to: "file"))
    }

    func open(_ header: String, dataByteCount: Int) throws -> SafetensorsFile {
        try open(Self.bytes(header, dataByteCount: dataByteCount))
    }

    static func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String
    {
        #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    static let x = entry("x", "F32", "[2]", "[0,8]")
    static let y = entry("y", "F32", "[1]", "[8,12]")

    @Test(arguments: [
        ("{\(x)}", 8),
        ("{\(x)}   ", 8),
        ("{\(x),\(y)}", 12),
        ("{\(y),\(x)}", 12),
        ("{\(entry("x", "F32", "[0,3]", "[0,0]")),\(entry("y", "F32", "[]", "[0,4]"))}", 4),
        ("{\(entry("x", "U8", "[3]", "[0,3]")),\(entry("y", "F32", "[1]", "[3,7]"))}", 7),
        ("{\(entry("x", "F4", "[8]", "[0,4]")),\(entry("y", "F32", "[1]", "[4,8]"))}", 8),
        (#"{"__metadata__":{"format":"pt","a":"b"},\#(x)}"#, 8),
        (#"{"x":{"dtype":"F32","note":[1,2],"shape":[2],"data_offsets":[0,8]}}"#, 8),
        (#"{"\u0078":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8),
    ])
    func `what the format allows opens`(header: String, dataByteCount: Int) throws {
        let file = try open(header, dataByteCount: dataByteCount)
        #expect(file.names.contains("x"))
    }

    @Test(arguments: [
        ("", 0, "does not begin with {"),
        (" {\(x)}", 8, "does not begin with {"),
        ("[]", 0, "does not begin with {"),
        ("{\(x)", 8, "expected ',' or '}'"),
        ("{\(x)} x", 8, "expected the end"),
        ("{\"x\":\"\u{7F}\u{1}\"}", 8, "control character"),
        (
            #"{"x":{"dtype":"F32","note":[[1]],"shape":[2],"data_offsets":[0,8]}}"#, 8,
            "nested deeper"
        ),
        ("{}", 0, "contains no tensors"),
        (#"{"__metadata__":{"format":"pt"}}"#, 0, "contains no tensors"),
        (#"{"__metadata__":{"a":1},\#(x)}"#, 8, "a of the metadata is no string"),
        (#"{"__metadata__":"a",\#(x)}"#, 8, "__metadata__ of the metadata is no string"),
        (#"{"__metadata__":{"a":"","a":""},\#(x)}"#, 8, "lists a twice"),
        (#"{"__metadata__":{},"__metadata__":{},\#(x)}"#, 8, "lists __metadata__ twice"),
        ("{\(x),\(x)}", 8, "lists x twice"),
        ("{\(x),\(entry("x", "F32", "[1]", "[8,12]"))}", 12, "lists x twice"),
        (#"{"x":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}"#, 8, "dtype of x"),
        (#"{"x":3}"#, 0, "tensor x is no object"),
        (#"{"x":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "tensor x has no dtype"),
        (#"{"x":{"dtype":"F32","data_offsets":[0,8]}}"#, 8, "tensor x has no shape"),
        (#"{"x":{"dtype":"F32","shape":[2]}}"#, 8, "tensor x has no data_offsets"),
        ("{\(entry("x", "F32", "2", "[0,8]"))}", 8, "tensor x has a shape"),
        ("{\(entry("x", "F32", "[-2]", "[0,8]"))}", 8, "tensor x has a shape"),
        ("{\(entry("x", "F32", "[2.0]", "[0,8]"))}", 8, "tensor x has a shape"),
        ("{\(entry("x", "F32", "[9007199254740993]", "[0,8]"))}", 8, "tensor x has a shape"),
        ("{\(entry("x", "F32", "[2]", "[8]"))}", 8, "tensor x has data_offsets"),
        ("{\(entry("x", "F32", "[2]", "[8,0]"))}", 8, "tensor x has data_offsets"),
        ("{\(entry("x", "F32", "[2]", "[-8,0]"))}", 8, "tensor x has data_offsets"),
        ("{\(entry("x", "F32", "[2]", "[0,1e1]"))}", 8, "tensor x has data_offsets"),
        (
            "{\(entry("x", "F32", "[4294967296,4294967296]", "[0,8]"))}", 8,
            "tensor x has the impossible shape [4294967296, 4294967296]"
        ),
        (
            "{\(entry("x", "F32", "[0,4294967296,4294967296]", "[0,8]"))}", 8,
            "tensor x has 8 bytes, its shape needs 0"
        ),
        ("{\(entry("x", "F32", "[3]", "[0,8]"))}", 8, "has 8 bytes, its shape needs 12"),
        ("{\(y)}", 12, "8 unused bytes before tensor y"),
        ("{\(x),\(entry("y", "F32", "[1]", "[12,16]"))}", 16, "4 unused bytes before tensor y"),
        ("{\(x),\(entry("y", "F32", "[1]", "[4,8]"))}", 8, "tensors x and y share bytes"),
        ("{\(x),\(entry("y", "F32", "[2]", "[0,8]"))}", 8, "share bytes"),
        ("{\(x)}", 7, "ends 1 bytes before tensor x does (download incomplete?)"),
        ("{\(x),\(y)}", 9, "ends 3 bytes before tensor y does"),
        ("{\(x)}", 9, "1 bytes after the last tensor"),
    ])
    func `each damage of a header has its own message with file and tensor`(
        header: String, dataByteCount: Int, message: String
    ) throws {
        let error = try #require(throws: SafetensorsError.self) {
            try open(header, dataByteCount: dataByteCount)
        }
        #expect(error.description.contains(message), "\(error)")
        #expect(error.description.contains(folder.path("file")))
        #expect(!error.description.contains("\n"))
    }

    @Test func `sizes are compared with the file before anything is allocated`() throws {
        #expect(throws: SafetensorsError.tooShort(path: folder.path("file"), byteCount: 0)) {
            try open([])
        }
        #expect(throws: SafetensorsError.tooShort(path: folder.path("file"), byteCount: 7)) {
            try open([1, 0, 0, 0, 0, 0, 0])
        }
        let path = folder.path("file")
        #expect(throws: SafetensorsError.headerTooLarge(path: path, byteCount: .max)) {
            try open([UInt8](repeating: 255, count: 8))
        }
        #expect(throws: SafetensorsError.headerTooLarge(path: path, byteCount: 100_000_001)) {
            try open([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0])
        }
        #expect(
            throws: SafetensorsError.headerBeyondFile(
                path: path, headerByteCount: 100_000_000, fileByteCount: 8)
        ) {
            try open([0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0])
        }
        var cut = Self.bytes("{\(Self.x)}", dataByteCount: 0)
        cut.removeLast()
        #expect(throws: SafetensorsError.self) { try open(cut) }
    }

    @Test func `a header that is not UTF-8 is refused`() throws {
        var bytes = Self.bytes("{\(Self.x)}", dataByteCount: 8)
        bytes[10] = 0xFF
        let error = try #require(throws: SafetensorsError.self) { try open(bytes) }
        #expect(error.description.contains("expected valid UTF-8"))
    }

    @Test func `nothing, a directory and a pipe are not files`() throws {
        #expect(throws: SafetensorsError.file(.notFound(path: folder.path("none")))) {
            try SafetensorsFile(path: folder.path("none"))
        }
        #expect(throws: SafetensorsError.file(.notAFile(path: folder.url.path))) {
            try SafetensorsFile(path: folder.url.path)
        }
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(throws: SafetensorsError.file(.notAFile(path: folder.path("pipe")))) {
            try SafetensorsFile(path: folder.path("pipe"))
        }
    }

    @Test func `a tensor is fetched by name, type and shape`() throws {
        let header =
            "{\(Self.entry("x", "F4", "[8]", "[0,4]")),\(Self.entry("y", "F32", "[1]", "[4,8]"))}"
        let file = try open(header, dataByteCount: 4 + 4)
        let path = folder.path("file")
        #expect(throws: SafetensorsError.missingTensor(path: path, tensor: "z")) {
            try file.tensor("z")
        }
        #expect(throws: SafetensorsError.unknownType(path: path, tensor: "x", type: "F4")) {
            try file.tensor("x")
        }
        let error = SafetensorsError.wrongShape(
            path: path, tensor: "y", expected: [12, 4], found: [1])
        #expect(throws: error) { try file.tensor("y", shape: [12, 4]) }
        #expect(error.description.hasSuffix("tensor y has shape [1], expected [12, 4]"))
        #expect(throws: SafetensorsError.self) { try file.integers("y") }
        #expect(try file.floats("y") == [0])
    }

    @Test func `floats of all widths are widened exactly, at any alignment`() throws {
        let header = [
            Self.entry("a", "U8", "[1]", "[0,1]"), Self.entry("b", "F32", "[2]", "[1,9]"),
            Self.entry("c", "BF16", "[3]", "[9,15]"), Self.entry("d", "F16", "[6]", "[15,27]"),
        ].joined(separator: ",")
        var bytes = Self.bytes("{\(header)}", dataByteCount: 0) + [7]
        for float: Float in [1.5, -.infinity] {
            bytes += withUnsafeBytes(of: float.bitPattern.littleEndian, Array.init)
        }
        // 1, the largest, -0
        for bits: UInt16 in [0x3F80, 0x7F7F, 0x8000] {
            bytes += withUnsafeBytes(of: bits.littleEndian, Array.init)
        }
        // 1, -2, the smallest subnormal, the largest, infinity, NaN
        for bits: UInt16 in [0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00, 0x7E00] {
            bytes += withUnsafeBytes(of: bits.littleEndian, Array.init)
        }
        let file = try open(bytes)
        #expect(try file.floats("b") == [1.5, -.infinity])
        #expect(try file.floats("c") == [1, 0x1.FEp127, 0])
        let halves = try file.floats("d")
        #expect(halves[..<5] == [1, -2, 0x1p-24, 65504, .infinity] && halves[5].isNaN)
    }

    @Test func `half precision goes through single precision and back`() {
        for bits in UInt16.min...UInt16.max {
            let float = Float(halfBits: bits)
            let isNaN = bits & 0x7FFF > 0x7C00
            #expect(
                isNaN
                    ? float.isNaN && Float(halfBits: float.halfBits).isNaN : float.halfBits == bits)
        }
        #expect(Float(65519.99).halfBits == 0x7BFF && Float(65520).halfBits == 0x7C00)
        #expect(Float(1 + 0x1p-11).halfBits == 0x3C00 && Float(1 + 0x3p-11).halfBits == 0x3C02)
        #expect(Float(0x1p-25).halfBits == 0 && Float(0x1.8p-25).halfBits == 1)
        #expect(
            Float(1 + 0x1p-8).bfloat16Bits == 0x3F80 && Float(1 + 0x3p-8).bfloat16Bits == 0x3F82)
        #expect(Float.greatestFiniteMagnitude.bfloat16Bits == 0x7F80)
        #expect(Float(bitPattern: 0x7F80_0001).bfloat16Bits & 0x7F > 0)
    }

    @Test func `a file that loses bytes while in use is noticed`() throws {
        let file = try open("{\(Self.x)}", dataByteCount: 8)
        #expect(truncate(folder.path("file"), 20) == 0)
        #expect(throws: SafetensorsError.shrunk(path: folder.path("file"))) {
            try file.tensor("x")
        }
    }

    @Test func `a name cannot write control characters or endless text into a message`() throws {
        let name = "\u{1B}[2J\u{202E}" + String(repeating: "x", count: 1000)
        let error = SafetensorsError.missingTensor(path: "p", tensor: name)
        #expect(error.description.hasPrefix(#"p: no tensor \u{1b}[2J\u{202e}xxx"#))
        #expect(error.description.count < 300)
    }

    @Test func `a changed byte of a file never crashes`() throws {
        let path = folder.path("original")
        var writer = SafetensorsWriter(metadata: ["step": "12"])
        writer.add("layer.a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
        writer.add("layer.b", shape: [2], floats: [7, 8], as: .bf16)
        writer.add("tokens", shape: [3], integers: [1, 2, 3])
        try writer.write(to: path)
        let original = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // In place: many file systems bring a file that is written anew to the disk at once.
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        var generator = MutationGenerator(seed: 2)
        var opened = 0
        for _ in 0..<10_000 {
            var bytes = original
            generator.changeOneByte(of: &bytes)
            try handle.seek(toOffset: 0)
            try handle.write(contentsOf: bytes)
            guard let file = try? SafetensorsFile(path: path) else { continue }
            opened += 1
            for name in file.names {
                guard let tensor = try? file.tensor(name) else { continue }
                if tensor.dtype.isFloat { _ = try tensor.floats() }
            }
        }
        #expect(opened > 1000)
    }
}
