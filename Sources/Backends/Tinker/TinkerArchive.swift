import Foundation

/// Takes the two files of an adapter out of a tar, packed with gzip or not. Names in the archive only
/// say which of the two an entry is; where it is written is ours alone.
struct TinkerArchive {
    private let directory: URL
    private let limit: Int
    private var written: [URL] = []
    private var found: Set<String> = []

    /// - Parameter limit: Most bytes of everything that is unpacked.
    init(directory: URL, limit: Int) {
        self.directory = directory
        self.limit = limit
    }

    /// - Throws: ``TinkerError`` when it is no archive or lacks one of the files.
    mutating func unpack(_ data: Data) throws {
        if data.starts(with: [0x1F, 0x8B]) {
            let plain = directory.appending(path: "archive.tar.partial")
            defer { try? FileManager.default.removeItem(at: plain) }
            try Gunzip.file(data, to: plain, limit: limit)
            try unpackPlain(Data(contentsOf: plain, options: .mappedIfSafe))
        } else {
            try unpackPlain(data)
        }
        for name in TinkerClient.adapterFiles where !found.contains(name) {
            throw Self.error("it has no \(name)")
        }
    }

    /// What was written, after a failure.
    func remove() {
        for file in written { try? FileManager.default.removeItem(at: file) }
    }

    static func error(_ why: String) -> TinkerError {
        .failed(what: "unpacking the adapter", why: why)
    }

    private mutating func unpackPlain(_ data: Data) throws {
        let block = 512
        var position = data.startIndex
        var sizeToCome: Int?
        while data.endIndex - position >= block {
            let header = data[position..<position + block]
            guard header.contains(where: { $0 != 0 }) else { break }
            guard Self.checksumFits(header) else { throw Self.error("it is no tar archive") }
            position += block
            guard let size = sizeToCome ?? Self.number(header, at: 124, count: 12), size >= 0,
                size <= data.endIndex - position
            else { throw Self.error("an entry is longer than the archive") }
            let body = data[position..<position + size]
            let type = header[header.startIndex + 156]
            sizeToCome = nil
            if type == UInt8(ascii: "x") {
                sizeToCome = Self.size(inExtended: body)
            } else if type == UInt8(ascii: "0") || type == 0 {
                try take(Self.text(header, at: 0, count: 100), body)
            }
            // Links, directories and all else are passed over.
            let padded = size + (block - size % block) % block
            guard padded <= data.endIndex - position else { break }
            position += padded
        }
    }

    private mutating func take(_ path: String, _ body: Data) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last.map(String.init), TinkerClient.adapterFiles.contains(last),
            !path.hasPrefix("/"), !parts.contains("..")
        else { return }
        guard found.insert(last).inserted else { throw Self.error("it has two files \(last)") }
        if last.hasSuffix(".json"), body.count > 1 << 20 {
            throw Self.error("\(last) has \(body.count) bytes")
        }
        let file = directory.appending(path: last)
        written.append(file)
        do {
            try body.write(to: file)
        } catch {
            throw Self.error("\(file.path) cannot be written")
        }
    }

    // MARK: - Header

    private static func checksumFits(_ header: Data) -> Bool {
        guard let expected = number(header, at: 148, count: 8) else { return false }
        var sum = 0
        for (offset, byte) in header.enumerated() {
            sum += (148..<156).contains(offset) ? 32 : Int(byte)
        }
        return sum == expected
    }

    /// Octal text, or with the first bit set a big-endian number.
    private static func number(_ header: Data, at offset: Int, count: Int) -> Int? {
        let field = header.dropFirst(offset).prefix(count)
        guard let first = field.first else { return nil }
        var value = 0
        if first & 0x80 != 0 {
            for (index, byte) in field.enumerated() {
                guard value <= Int.max >> 9 else { return nil }
                value = value << 8 | Int(index == 0 ? byte & 0x7F : byte)
            }
            return value
        }
        for byte in field.drop(while: { $0 == 32 }) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
                return byte == 0 || byte == 32 ? value : nil
            }
            guard value <= Int.max >> 4 else { return nil }
            value = value << 3 | Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private static func text(_ header: Data, at offset: Int, count: Int) -> String {
        String(decoding: header.dropFirst(offset).prefix(count).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// `LENGTH size=NUMBER` among the lines of an extended header: sizes that octal has no room for.
    private static func size(inExtended body: Data) -> Int? {
        guard body.count <= 1 << 20 else { return nil }
        for line in String(decoding: body, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[1].hasPrefix("size=") { return Int(parts[1].dropFirst(5)) }
        }
        return nil
    }
}
