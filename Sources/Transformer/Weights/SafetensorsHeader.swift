/// The checked header of a safetensors file.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        /// As written; may be unknown, then the size is unchecked and the tensor unusable.
        var typeName: String
        var shape: [Int]
        /// Within the data, which begins after the header.
        var range: Range<Int>
    }

    /// The most the format's own reader takes.
    static let maximumByteCount = 100_000_000

    var metadata: [String: String] = [:]
    /// In the order of their bytes; they cover the data exactly.
    var entries: [Entry] = []

    /// - Parameters:
    ///   - bytes: The JSON of the header.
    ///   - dataByteCount: What the file holds after it.
    init(
        parsing bytes: UnsafeRawBufferPointer, dataByteCount: Int, path: String
    ) throws(SafetensorsError) {
        guard bytes.first == UInt8(ascii: "{") else { throw .headerWithoutBrace(path: path) }
        let members: [JSONTree.Member]
        do {
            members = try JSONTree(parsing: Array(bytes), maximumDepth: 3).members ?? []
        } catch {
            throw .headerNotJSON(path: path, reason: error.description)
        }
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else {
                throw .duplicateName(path: path, name: member.name)
            }
            if member.name == "__metadata__" {
                metadata = try Self.metadata(member.value, path: path)
            } else {
                entries.append(try Self.entry(member.name, member.value, path: path))
            }
        }
        guard !entries.isEmpty else { throw .noTensors(path: path) }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        try checkCoverage(dataByteCount: dataByteCount, path: path)
    }

    private static func metadata(
        _ value: JSONTree, path: String
    ) throws(SafetensorsError) -> [String: String] {
        guard let members = value.members else {
            throw .invalidMetadata(path: path, name: "__metadata__")
        }
        if let name = value.duplicateName { throw .duplicateName(path: path, name: name) }
        var metadata: [String: String] = [:]
        for member in members {
            guard let string = member.value.string else {
                throw .invalidMetadata(path: path, name: member.name)
            }
            metadata[member.name] = string
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ value: JSONTree, path: String
    ) throws(SafetensorsError) -> Entry {
        guard value.members != nil else {
            throw .invalidEntry(path: path, tensor: name, reason: "is no object")
        }
        if let field = value.duplicateName {
            throw .duplicateName(path: path, name: "\(field) of \(name)")
        }
        guard let typeName = value["dtype"]?.string else {
            throw .invalidEntry(path: path, tensor: name, reason: "has no dtype")
        }
        guard let sizes = value["shape"] else {
            throw .invalidEntry(path: path, tensor: name, reason: "has no shape")
        }
        let shape = (sizes.elements ?? []).compactMap(\.integer)
        guard let count = sizes.elements?.count, shape.count == count, shape.allSatisfy({ $0 >= 0 })
        else { throw .invalidShape(path: path, tensor: name) }
        guard let offsets = value["data_offsets"] else {
            throw .invalidEntry(path: path, tensor: name, reason: "has no data_offsets")
        }
        guard let pair = offsets.elements, pair.count == 2, let begin = pair[0].integer,
            let end = pair[1].integer, 0 <= begin, begin <= end
        else { throw .invalidOffsets(path: path, tensor: name) }
        if let type = TensorType(rawValue: typeName) {
            guard let expected = type.byteCount(of: shape) else {
                throw .sizeOverflow(path: path, tensor: name, shape: shape)
            }
            guard expected == end - begin else {
                throw .wrongByteCount(
                    path: path, tensor: name, expected: expected, found: end - begin)
            }
        }
        return Entry(name: name, typeName: typeName, shape: shape, range: begin..<end)
    }

    /// Every byte of the data belongs to exactly one tensor.
    private func checkCoverage(dataByteCount: Int, path: String) throws(SafetensorsError) {
        var end = 0
        var previous = ""
        for entry in entries {
            let begin = entry.range.lowerBound
            guard begin >= end else {
                throw .overlap(path: path, tensor: previous, other: entry.name)
            }
            guard begin == end else {
                throw .gap(path: path, tensor: entry.name, byteCount: begin - end)
            }
            guard entry.range.upperBound <= dataByteCount else {
                throw .truncated(
                    path: path, tensor: entry.name,
                    missingByteCount: entry.range.upperBound - dataByteCount)
            }
            end = entry.range.upperBound
            previous = entry.name
        }
        guard end == dataByteCount else {
            throw .trailingBytes(path: path, byteCount: dataByteCount - end)
        }
    }
}
