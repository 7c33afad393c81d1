import Foundation
import Transformer

/// `teacher.rows`: the teacher's rows of one response per record, appended as they come.
///
/// A record is, little-endian: the magic "OTR1", the response's token count, K, 64 bytes of key,
/// ids I32 [count, K], logprobs F32 [count, K], tailLogMass F32 [count], and the first eight
/// hexadecimal digits of the SHA-256 of all that.
enum TeacherRowFile {
    private static let magic = UInt32(0x3152_544F)
    private static let headerByteCount = 12 + 64

    /// One record's bytes. `rows` has at least one row and all are K long; `key` is a SHA-256.
    static func record(key: String, rows: [TopKRow]) -> Data {
        precondition(key.utf8.count == 64)
        let topK = rows.first?.ids.count ?? 0
        var data = Data()
        append(magic, to: &data)
        append(UInt32(rows.count), to: &data)
        append(UInt32(topK), to: &data)
        data.append(contentsOf: key.utf8)
        for row in rows {
            precondition(row.ids.count == topK)
            for id in row.ids { append(UInt32(bitPattern: id.rawValue), to: &data) }
        }
        for row in rows { for logprob in row.logprobs { append(logprob.bitPattern, to: &data) } }
        for row in rows { append(row.tailLogMass.bitPattern, to: &data) }
        data.append(contentsOf: sha256(Array(data)).utf8.prefix(8))
        return data
    }

    /// Every whole record by key, and how many bytes they take; the first that is torn or damaged
    /// ends the file.
    static func read(_ data: Data) -> (targets: [String: [TopKRow]], wholeByteCount: Int) {
        let bytes = [UInt8](data)
        var targets: [String: [TopKRow]] = [:]
        var offset = 0
        while let record = record(in: bytes[offset...]) {
            targets[record.key] = record.rows
            offset += record.byteCount
        }
        return (targets, offset)
    }

    private static func record(
        in bytes: ArraySlice<UInt8>
    ) -> (key: String, rows: [TopKRow], byteCount: Int)? {
        guard bytes.count >= headerByteCount + 8, word(bytes, 0) == magic else { return nil }
        let count = Int(word(bytes, 1))
        let topK = Int(word(bytes, 2))
        // Both fit 32 bits, so that the product fits 64 and the rest is checked by division.
        let room = (bytes.count - headerByteCount - 8) / 4
        guard count > 0, topK > 0, topK <= room, count <= room / (2 * topK + 1) else { return nil }
        let byteCount = headerByteCount + 4 * count * (2 * topK + 1)
        let body = bytes.prefix(byteCount)
        let sum = bytes.dropFirst(byteCount).prefix(8)
        guard sha256(Array(body)).utf8.prefix(8).elementsEqual(sum) else { return nil }
        let key = String(decoding: body.dropFirst(12).prefix(64), as: UTF8.self)
        let first = headerByteCount / 4
        let rows = (0..<count).map { row in
            TopKRow(
                ids: (0..<topK).map {
                    TokenID(rawValue: Int32(bitPattern: word(body, first + row * topK + $0)))
                },
                logprobs: (0..<topK).map {
                    Float(bitPattern: word(body, first + (count + row) * topK + $0))
                },
                tailLogMass: Float(bitPattern: word(body, first + 2 * count * topK + row)))
        }
        return (key, rows, byteCount + 8)
    }

    private static func append(_ word: UInt32, to data: inout Data) {
        withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
    }

    /// The 32-bit word `index` of `bytes`.
    private static func word(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt32 {
        let start = bytes.startIndex + 4 * index
        return (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
}
