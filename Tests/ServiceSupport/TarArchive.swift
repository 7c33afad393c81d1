import Foundation

/// Files one behind the other, as `tar` writes them.
enum TarArchive {
    /// The POSIX form ("ustar") of `files`, in order of their names.
    static func data(_ files: [String: Data]) -> Data {
        var archive = Data()
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
            }
            put(String(name.prefix(99)), at: 0)
            put("0000644\0", at: 100)
            put("0000000\0", at: 108)
            put("0000000\0", at: 116)
            let size = String(content.count, radix: 8)
            put(String(repeating: "0", count: 11 - size.count) + size + "\0", at: 124)
            put("00000000000\0", at: 136)
            put("0", at: 156)
            put("ustar\u{0}00", at: 257)
            // The sum is taken with spaces in its own place.
            put("        ", at: 148)
            let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
            put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
            archive.append(contentsOf: header)
            archive.append(content)
            archive.append(Data(count: (512 - content.count % 512) % 512))
        }
        archive.append(Data(count: 1024))
        return archive
    }

    /// `data` as gzip, not made smaller: stored blocks.
    static func gzip(_ data: Data) -> Data {
        var result = Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
        let blocks = stride(from: 0, to: max(data.count, 1), by: 65535)
        for start in blocks {
            let block = data.dropFirst(start).prefix(65535)
            result.append(start + 65535 >= data.count ? 1 : 0)
            let count = UInt16(block.count)
            for value in [count, ~count] {
                result.append(UInt8(value & 0xFF))
                result.append(UInt8(value >> 8))
            }
            result.append(block)
        }
        var sum: UInt32 = ~0
        for byte in data {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        for value in [~sum, UInt32(truncatingIfNeeded: data.count)] {
            withUnsafeBytes(of: value.littleEndian) { result.append(contentsOf: $0) }
        }
        return result
    }
}
