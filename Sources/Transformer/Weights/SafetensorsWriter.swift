/// Collects tensors and writes them as one safetensors file, whole or not at all.
///
/// Tensors lie in the order of the size of their numbers, largest first, then of their names: each
/// is aligned by nature. Contents are made while writing, one tensor at a time.
public struct SafetensorsWriter {
    /// Gives the bytes of a tensor piece by piece to its argument.
    typealias Contents = (
        _ emit: (UnsafeRawBufferPointer) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) -> Void

    private struct Item {
        var name: String
        var type: TensorType
        var shape: [Int]
        var byteCount: Int
        var contents: Contents
    }

    private let metadata: [String: String]
    private var items: [Item] = []

    /// - Parameter metadata: Notes for readers, beside `"format": "pt"` which some demand.
    public init(metadata: [String: String] = [:]) {
        self.metadata = metadata.merging(["format": "pt"]) { _, format in format }
    }

    /// Bytes of all tensors so far, the header not counted.
    var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }

    var names: [String] { items.map(\.name) }

    /// Adds a tensor of floats, rounded to `type` when it is written.
    ///
    /// - Parameters:
    ///   - name: Not yet used.
    ///   - shape: Sizes whose product is the number of floats.
    ///   - type: F32, BF16 or F16.
    public mutating func add(
        _ name: String, shape: [Int], floats: [Float], as type: TensorType = .f32
    ) {
        precondition(shape.reduce(1, *) == floats.count, "\(name) has shape \(shape)")
        add(name, shape: shape, type: type) { emit throws(SafetensorsError) in
            try type.withNarrowed(floats, emit)
        }
    }

    /// Adds a tensor of integers; `shape` is as for floats.
    public mutating func add(_ name: String, shape: [Int], integers: [Int32]) {
        precondition(shape.reduce(1, *) == integers.count, "\(name) has shape \(shape)")
        add(name, shape: shape, type: .i32) { emit throws(SafetensorsError) in
            let result = integers.withUnsafeBytes { bytes in
                Result { () throws(SafetensorsError) in try emit(bytes) }
            }
            try result.get()
        }
    }

    /// Adds a tensor of integers stored as I64; `shape` is as for floats.
    public mutating func add(_ name: String, shape: [Int], longIntegers integers: [Int64]) {
        precondition(shape.reduce(1, *) == integers.count, "\(name) has shape \(shape)")
        add(name, shape: shape, type: .i64) { emit throws(SafetensorsError) in
            let result = integers.withUnsafeBytes { bytes in
                Result { () throws(SafetensorsError) in try emit(bytes) }
            }
            try result.get()
        }
    }

    /// Adds a tensor of an open file as it is.
    public mutating func add(_ tensor: Tensor) {
        add(tensor.name, shape: tensor.shape, type: tensor.dtype) { emit throws(SafetensorsError) in
            try tensor.withUnsafeBytes(emit)
        }
    }

    /// - Parameter contents: Must emit exactly the bytes that shape and type need.
    mutating func add(
        _ name: String, shape: [Int], type: TensorType, contents: @escaping Contents
    ) {
        guard let byteCount = type.byteCount(of: shape) else {
            preconditionFailure("\(name) has the impossible shape \(shape)")
        }
        precondition(name != "__metadata__", "no name for a tensor")
        items.append(
            Item(name: name, type: type, shape: shape, byteCount: byteCount, contents: contents))
    }

    /// Writes the file, replacing one of the same name.
    ///
    /// - Throws: ``SafetensorsError/file(_:)`` when the disk is full, the file too large or the
    ///   place not writable; then an older file of that name is untouched.
    public func write(to path: String) throws(SafetensorsError) {
        let file: AtomicFile
        do { file = try AtomicFile(path: path) } catch { throw .file(error) }
        try write(to: file)
    }

    func write(to file: AtomicFile) throws(SafetensorsError) {
        precondition(!items.isEmpty, "a file has at least one tensor")
        let sorted = items.sorted {
            ($1.type.byteCount, $0.name) < ($0.type.byteCount, $1.name)
        }
        do { try file.append(header(of: sorted)) } catch { throw .file(error) }
        for item in sorted {
            var count = 0
            try item.contents { bytes throws(SafetensorsError) in
                count += bytes.count
                do throws(FileError) { try file.append(bytes) } catch { throw .file(error) }
            }
            precondition(count == item.byteCount, "\(item.name) emitted \(count) bytes")
        }
        do { try file.commit() } catch { throw .file(error) }
    }

    /// The size and the JSON, padded so that the data begins at a multiple of eight.
    private func header(of items: [Item]) -> [UInt8] {
        var members = [
            JSONTree.Member(
                name: "__metadata__",
                value: .object(
                    metadata.sorted { $0.key < $1.key }.map {
                        JSONTree.Member(name: $0.key, value: .string($0.value))
                    }))
        ]
        var offset = 0
        for item in items {
            let value: JSONTree = [
                "dtype": .string(item.type.rawValue),
                "shape": .array(item.shape.map { JSONTree(integerLiteral: $0) }),
                "data_offsets": [
                    JSONTree(integerLiteral: offset),
                    JSONTree(integerLiteral: offset + item.byteCount),
                ],
            ]
            members.append(JSONTree.Member(name: item.name, value: value))
            offset += item.byteCount
        }
        precondition(Set(members.map(\.name)).count == members.count, "each name once")
        var text = Array(JSONTree.object(members).text().utf8)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }
}
