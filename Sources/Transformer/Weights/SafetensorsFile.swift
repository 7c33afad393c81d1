/// An open safetensors file of which nothing is trusted: every size, offset and name of the header
/// is checked against the file before it is used.
///
/// The header is read, the data is mapped. Numbers may lie at any alignment, and may be NaN.
public final class SafetensorsFile: Sendable {
    /// Where it was opened.
    public let path: String
    /// Names of all tensors, in the order of their bytes.
    public let names: [String]
    /// What the writer noted.
    public let metadata: [String: String]
    private let entries: [String: SafetensorsHeader.Entry]
    private let dataOffset: Int
    private let file: FileBytes

    /// Opens and checks a file, mapping its data.
    public convenience init(path: String) throws(SafetensorsError) {
        try self.init(path: path, mapped: true)
    }

    /// - Parameter mapped: False reads the whole file into memory, up to 2 GiB: for small ones,
    ///   which another program may then shorten without harm.
    package init(path: String, mapped: Bool) throws(SafetensorsError) {
        do { file = try FileBytes(path: path) } catch { throw .file(error) }
        let prefix = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { prefix.deallocate() }
        guard try Self.read(file, into: prefix, at: 0) else {
            throw .tooShort(path: path, byteCount: file.count)
        }
        let claimed = UInt64(littleEndian: prefix.load(as: UInt64.self))
        guard claimed <= SafetensorsHeader.maximumByteCount else {
            throw .headerTooLarge(path: path, byteCount: claimed)
        }
        let headerByteCount = Int(claimed)
        guard headerByteCount <= file.count - 8 else {
            throw .headerBeyondFile(
                path: path, headerByteCount: headerByteCount, fileByteCount: file.count)
        }
        dataOffset = 8 + headerByteCount
        let text = UnsafeMutableRawBufferPointer.allocate(byteCount: headerByteCount, alignment: 1)
        defer { text.deallocate() }
        guard try Self.read(file, into: text, at: 8) else { throw .shrunk(path: path) }
        let header = try SafetensorsHeader(
            parsing: UnsafeRawBufferPointer(text), dataByteCount: file.count - dataOffset,
            path: path)
        do { try file.load(mapped: mapped || file.count > 1 << 31) } catch { throw .file(error) }
        self.path = path
        metadata = header.metadata
        names = header.entries.map(\.name)
        entries = Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Whether there is a tensor of that name.
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// One tensor. Costs nothing: its bytes are touched when they are used.
    ///
    /// - Throws: ``SafetensorsError`` when there is none of that name, its type is unknown or the
    ///   file became shorter.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let entry = entries[name] else {
            throw .missingTensor(path: path, tensor: name)
        }
        guard let type = TensorType(rawValue: entry.typeName) else {
            throw .unknownType(path: path, tensor: name, type: entry.typeName)
        }
        guard file.isWhole else { throw .shrunk(path: path) }
        let range = entry.range.lowerBound + dataOffset..<entry.range.upperBound + dataOffset
        return Tensor(name: name, dtype: type, shape: entry.shape, range: range, file: file)
    }

    /// A tensor that must have these sizes.
    public func tensor(_ name: String, shape: [Int]) throws(SafetensorsError) -> Tensor {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw .wrongShape(path: path, tensor: name, expected: shape, found: tensor.shape)
        }
        return tensor
    }

    /// All numbers of a tensor of F32, F16 or BF16, widened.
    public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        try tensor(name).floats()
    }

    /// All numbers of a tensor of I32 or I64.
    public func integers(_ name: String) throws(SafetensorsError) -> [Int32] {
        try tensor(name).integers()
    }

    private static func read(
        _ file: FileBytes, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SafetensorsError) -> Bool {
        do { return try file.read(into: buffer, at: offset) } catch { throw .file(error) }
    }
}
