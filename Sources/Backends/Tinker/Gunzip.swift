import Foundation

/// Unpacks gzip (RFC 1952) with deflate (RFC 1951) inside.
enum Gunzip {
    /// - Throws: ``TinkerError`` when the data is damaged or longer than `limit` bytes unpacked.
    static func file(_ data: Data, to file: URL, limit: Int) throws {
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw TinkerArchive.error("\(file.path) cannot be written")
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try unpack(data, limit: limit) { try handle.write(contentsOf: $0) }
    }

    static func unpack(_ data: Data, limit: Int, sink: (Data) throws -> Void) throws {
        try data.withUnsafeBytes { bytes in
            var start = try bodyStart(of: bytes)
            while true {
                var inflater = Inflater(bytes: bytes, position: start, limit: limit)
                try inflater.run(sink)
                let end = inflater.position
                guard end + 8 <= bytes.count else { throw damaged }
                let crc = bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)
                let size = bytes.loadUnaligned(fromByteOffset: end + 4, as: UInt32.self)
                guard UInt32(littleEndian: crc) == ~inflater.checksum,
                    UInt32(littleEndian: size) == UInt32(truncatingIfNeeded: inflater.count)
                else { throw damaged }
                // Another member may follow; anything else after the first is padding.
                let rest = UnsafeRawBufferPointer(rebasing: bytes[(end + 8)...])
                guard rest.starts(with: [0x1F, 0x8B]) else { return }
                start = end + 8 + (try bodyStart(of: rest))
            }
        }
    }

    static var damaged: TinkerError { TinkerArchive.error("the archive is damaged") }

    private static func bodyStart(of bytes: UnsafeRawBufferPointer) throws -> Int {
        guard bytes.count >= 18, bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8 else {
            throw damaged
        }
        let flags = bytes[3]
        var position = 10
        if flags & 4 != 0 { position += 2 + Int(bytes[10]) + Int(bytes[11]) << 8 }
        // A name and a comment, each up to a zero.
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard position < bytes.count,
                let end = bytes[position...].firstIndex(of: 0)
            else { throw damaged }
            position = end + 1
        }
        if flags & 2 != 0 { position += 2 }
        guard position < bytes.count else { throw damaged }
        return position
    }
}

/// Deflate, with the last 32 KiB kept for references.
private struct Inflater {
    let bytes: UnsafeRawBufferPointer
    /// The next byte to read; after the end the first that does not belong to the data.
    var position: Int
    let limit: Int
    private(set) var count = 0
    private(set) var checksum: UInt32 = .max
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    /// How much of ``output`` has been handed on and is kept for references.
    private var flushed = 0
    private static let window = 32 << 10

    init(bytes: UnsafeRawBufferPointer, position: Int, limit: Int) {
        self.bytes = bytes
        self.position = position
        self.limit = limit
        output.reserveCapacity(1 << 20)
    }

    mutating func run(_ sink: (Data) throws -> Void) throws {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try stored(sink)
            case 1: try block(.fixedLiterals, .fixedDistances, sink)
            case 2:
                let (literals, distances) = try codes()
                try block(literals, distances, sink)
            default: throw Gunzip.damaged
            }
        }
        try flush(keeping: 0, sink)
        position -= bitCount / 8
    }

    // MARK: - Bits

    private mutating func fill() {
        while bitCount <= 56, position < bytes.count {
            bits |= UInt64(bytes[position]) << UInt64(bitCount)
            position += 1
            bitCount += 8
        }
    }

    private mutating func take(_ n: Int) throws -> Int {
        if bitCount < n { fill() }
        guard bitCount >= n else { throw Gunzip.damaged }
        let value = Int(bits & (1 << UInt64(n) - 1))
        bits >>= UInt64(n)
        bitCount -= n
        return value
    }

    private mutating func symbol(_ code: HuffmanCode) throws -> Int {
        if bitCount < HuffmanCode.longest { fill() }
        let entry = code.table[Int(bits & (1 << UInt64(HuffmanCode.longest) - 1))]
        let length = Int(entry & 15)
        guard length > 0, length <= bitCount else { throw Gunzip.damaged }
        bits >>= UInt64(length)
        bitCount -= length
        return Int(entry >> 4)
    }

    // MARK: - Blocks

    private mutating func stored(_ sink: (Data) throws -> Void) throws {
        _ = try take(bitCount % 8)
        let length = try take(16)
        guard try take(16) == length ^ 0xFFFF else { throw Gunzip.damaged }
        for _ in 0..<length { try put(UInt8(try take(8)), sink) }
    }

    private mutating func block(
        _ literals: HuffmanCode, _ distances: HuffmanCode, _ sink: (Data) throws -> Void
    ) throws {
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                try put(UInt8(symbol), sink)
                continue
            }
            if symbol == 256 { return }
            guard symbol < 286 else { throw Gunzip.damaged }
            let extra = try take(HuffmanCode.lengthBits[symbol - 257])
            let code = try self.symbol(distances)
            guard code < 30 else { throw Gunzip.damaged }
            let distance = HuffmanCode.distances[code] + (try take(HuffmanCode.distanceBits[code]))
            guard distance <= output.count else { throw Gunzip.damaged }
            for _ in 0..<HuffmanCode.lengths[symbol - 257] + extra {
                try put(output[output.count - distance], sink)
            }
        }
    }

    private mutating func codes() throws -> (HuffmanCode, HuffmanCode) {
        let literalCount = try take(5) + 257
        let count = try literalCount + take(5) + 1
        let lengthCount = try take(4) + 4
        var order = [Int](repeating: 0, count: 19)
        for index in 0..<lengthCount { order[HuffmanCode.order[index]] = try take(3) }
        let code = try HuffmanCode(lengths: order)
        var lengths: [Int] = []
        while lengths.count < count {
            let symbol = try symbol(code)
            switch symbol {
            case 0...15: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw Gunzip.damaged }
                lengths += Array(repeating: last, count: 3 + (try take(2)))
            case 17: lengths += Array(repeating: 0, count: 3 + (try take(3)))
            default: lengths += Array(repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard lengths.count == count else { throw Gunzip.damaged }
        return (
            try HuffmanCode(lengths: Array(lengths[..<literalCount])),
            try HuffmanCode(lengths: Array(lengths[literalCount...]))
        )
    }

    // MARK: - Output

    private mutating func put(_ byte: UInt8, _ sink: (Data) throws -> Void) throws {
        guard count < limit else {
            throw TinkerArchive.error("the archive holds more than \(limit) bytes")
        }
        count += 1
        checksum = checksum >> 8 ^ HuffmanCode.crc[Int(UInt8(truncatingIfNeeded: checksum) ^ byte)]
        output.append(byte)
        if output.count >= 1 << 20 { try flush(keeping: Self.window, sink) }
    }

    private mutating func flush(keeping kept: Int, _ sink: (Data) throws -> Void) throws {
        try sink(Data(output[flushed...]))
        output.removeFirst(max(output.count - kept, 0))
        flushed = output.count
    }
}

/// A canonical Huffman code as a table over all sequences of its longest length.
private struct HuffmanCode {
    static let longest = 15
    /// The symbol times 16 plus the length of its code; 0 where there is none.
    private(set) var table = [UInt16](repeating: 0, count: 1 << longest)

    /// - Throws: When more codes are wanted than there are.
    init(lengths: [Int]) throws {
        var code = 0
        for length in 1...Self.longest {
            for symbol in lengths.indices where lengths[symbol] == length {
                guard code < 1 << length else { throw Gunzip.damaged }
                // Codes come with their first bit first, which the reader has lowest.
                let reversed = (0..<length).reduce(0) { $0 << 1 | code >> $1 & 1 }
                for index in stride(from: reversed, to: table.count, by: 1 << length) {
                    table[index] = UInt16(symbol << 4 | length)
                }
                code += 1
            }
            code <<= 1
        }
    }

    static let fixedLiterals = fixed(
        (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    static let fixedDistances = fixed([Int](repeating: 5, count: 30))

    private static func fixed(_ lengths: [Int]) -> HuffmanCode {
        do {
            return try HuffmanCode(lengths: lengths)
        } catch {
            preconditionFailure("the codes of the standard fit")
        }
    }

    static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]
    static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    static let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ]
    static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12,
        13, 13,
    ]
    static let crc: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
        }
    }
}
