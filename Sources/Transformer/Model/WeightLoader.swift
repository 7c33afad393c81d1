/// A weight in memory or in a mapped file, row-major `[rows, columns]`; a vector is one row.
package struct StoredWeight {
    /// Valid as long as `owner`.
    let bytes: UnsafeRawPointer
    let type: NumberType
    let rowCount: Int
    let columnCount: Int
    let owner: Any

    /// A tensor of a file.
    package init(_ tensor: Tensor) throws(DecoderError) {
        type =
            switch tensor.dtype {
            case .f32: .float32
            case .f16: .float16
            case .bf16: .bfloat16
            default:
                throw .unusableType(name: tensor.name, type: tensor.dtype.rawValue)
            }
        guard let start = tensor.bytes.baseAddress, let columns = tensor.shape.last else {
            throw .unusableType(name: tensor.name, type: "an empty \(tensor.dtype.rawValue)")
        }
        bytes = start
        columnCount = columns
        rowCount = tensor.count / max(columns, 1)
        owner = tensor
    }

    /// Rows of float32, kept alive by `owner`.
    init(_ rows: Rows, owner: AnyObject) {
        precondition(rows.isContiguous)
        bytes = UnsafeRawPointer(rows.base)
        type = .float32
        rowCount = rows.count
        columnCount = rows.columns
        self.owner = owner
    }

    /// Numbers in memory that `owner` keeps.
    init(
        _ bytes: UnsafeRawPointer, _ type: NumberType, rowCount: Int, columnCount: Int,
        owner: AnyObject
    ) {
        self.bytes = bytes
        self.type = type
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.owner = owner
    }

    var byteCount: Int { rowCount * columnCount * type.byteCount }

    /// All numbers widened, appended to `numbers`.
    func append(to numbers: inout [Float], pool: ThreadPool) {
        let wide = Matrix(rowCount: rowCount, columnCount: columnCount)
        Kernels.embedding(
            wide.rows, table: bytes, type: type, ids: (0..<Int32(rowCount)).map { $0 }, pool: pool)
        numbers += wide.numbers
    }
}

/// How exactly the base model's weights are kept.
public enum WeightPrecision: Hashable, Sendable {
    /// As they are stored, and activations are never rounded.
    case stored
    /// bfloat16.
    case bfloat16
    /// Whole numbers of one byte with a scale per row.
    case int8

    /// As a person reads it; that of ``stored`` depends on the file.
    package var name: String {
        switch self {
        case .stored: "stored"
        case .bfloat16: "bf16"
        case .int8: "int8"
        }
    }

    fileprivate func packed(_ stored: NumberType) -> NumberType {
        switch self {
        case .stored: stored == .bfloat16 ? .bfloat16 : .float32
        case .bfloat16: .bfloat16
        case .int8: .int8
        }
    }
}

/// Brings weights by name into the form the decoder computes with.
struct WeightLoader {
    let weight: (String) throws -> StoredWeight
    let precision: WeightPrecision
    let pool: ThreadPool

    /// The weights one below the other, packed.
    func matrix(_ names: [String]) throws -> PackedMatrix {
        let parts = try names.map(weight)
        let columns = parts[0].columnCount
        let type = parts[0].type
        let rows = parts.reduce(0) { $0 + $1.rowCount }
        precondition(parts.allSatisfy { $0.columnCount == columns })
        func packed(_ bytes: UnsafeRawPointer, _ stored: NumberType) -> PackedMatrix {
            PackedMatrix(
                rows: rows, columns: columns,
                packedAs: precision.packed(stored), from: bytes, storedAs: stored, pool: pool)
        }
        if parts.count == 1 {
            return withExtendedLifetime(parts[0].owner) { packed(parts[0].bytes, type) }
        }
        if parts.allSatisfy({ $0.type == type }) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(rows * columns * type.byteCount)
            for part in parts {
                withExtendedLifetime(part.owner) {
                    bytes += UnsafeRawBufferPointer(start: part.bytes, count: part.byteCount)
                }
            }
            return bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { packed($0, type) } ?? packed(parts[0].bytes, type)
            }
        }
        return try floats(names).withUnsafeBytes { buffer in
            buffer.baseAddress.map { packed($0, .float32) } ?? packed(parts[0].bytes, .float32)
        }
    }

    /// The weights one after the other as one row.
    func vector(_ names: [String]) throws -> Matrix {
        let numbers = try floats(names)
        return Matrix(numbers, columnCount: numbers.count)
    }

    private func floats(_ names: [String]) throws -> [Float] {
        var numbers: [Float] = []
        for name in names {
            let part = try weight(name)
            withExtendedLifetime(part.owner) { part.append(to: &numbers, pool: pool) }
        }
        return numbers
    }
}
