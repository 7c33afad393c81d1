import Foundation

/// The fields of one protobuf message, read and written without generated code: what a client encodes
/// must not be judged by the code that encoded it.
struct ProtobufFields {
    enum Value {
        case integer(UInt64)
        case bytes(Data)
        case double(Double)
        case float(Float)
    }

    private(set) var fields: [(number: Int, value: Value)] = []
    private(set) var data = Data()

    init() {}

    /// nil where `data` is not a message.
    init?(_ data: Data) {
        let bytes = [UInt8](data)
        var index = 0
        func integer() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard index < bytes.count else { return nil }
                let byte = bytes[index]
                index += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        func fixed(_ count: Int) -> UInt64? {
            guard bytes.count - index >= count else { return nil }
            defer { index += count }
            return (0..<count).reduce(0) { $0 | UInt64(bytes[index + $1]) << UInt64(8 * $1) }
        }
        while index < bytes.count {
            guard let tag = integer(), let number = Int(exactly: tag >> 3), number > 0 else {
                return nil
            }
            switch tag & 7 {
            case 0:
                guard let value = integer() else { return nil }
                fields.append((number, .integer(value)))
            case 1:
                guard let value = fixed(8) else { return nil }
                fields.append((number, .double(Double(bitPattern: value))))
            case 2:
                guard let length = integer(), let count = Int(exactly: length),
                    count <= bytes.count - index
                else { return nil }
                fields.append((number, .bytes(Data(bytes[index..<index + count]))))
                index += count
            case 5:
                guard let value = fixed(4) else { return nil }
                fields.append((number, .float(Float(bitPattern: UInt32(value)))))
            default:
                return nil
            }
        }
    }

    // MARK: Reading

    /// The numbers of all fields that are there.
    var numbers: Set<Int> { Set(fields.map(\.number)) }

    func all(_ number: Int) -> [Data] {
        fields.compactMap { field -> Data? in
            guard field.number == number, case .bytes(let data) = field.value else { return nil }
            return data
        }
    }

    func bytes(_ number: Int) -> Data? { all(number).last }

    func string(_ number: Int) -> String? {
        bytes(number).map { String(decoding: $0, as: UTF8.self) }
    }

    func integer(_ number: Int) -> Int? {
        for field in fields.reversed() where field.number == number {
            if case .integer(let value) = field.value { return Int(truncatingIfNeeded: value) }
        }
        return nil
    }

    /// Repeated integers, packed or not.
    func integers(_ number: Int) -> [Int]? {
        var result: [Int] = []
        for field in fields where field.number == number {
            switch field.value {
            case .integer(let value): result.append(Int(truncatingIfNeeded: value))
            case .bytes(let data):
                var value: UInt64 = 0
                var shift: UInt64 = 0
                for byte in data {
                    guard shift < 64 else { return nil }
                    value |= UInt64(byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80 {
                        result.append(Int(truncatingIfNeeded: value))
                        (value, shift) = (0, 0)
                    }
                }
                guard shift == 0 else { return nil }
            case .double, .float: return nil
            }
        }
        return result
    }

    // MARK: Writing

    private mutating func append(raw value: UInt64) {
        var value = value
        while value >= 0x80 {
            data.append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        data.append(UInt8(value))
    }

    mutating func append(_ number: Int, _ value: Int) {
        append(raw: UInt64(number << 3))
        append(raw: UInt64(bitPattern: Int64(value)))
    }

    mutating func append(_ number: Int, _ value: Data) {
        append(raw: UInt64(number << 3 | 2))
        append(raw: UInt64(value.count))
        data.append(value)
    }

    mutating func append(_ number: Int, _ value: String) { append(number, Data(value.utf8)) }

    mutating func append(_ number: Int, _ value: Double) {
        append(raw: UInt64(number << 3 | 1))
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    /// Packed.
    mutating func append(_ number: Int, _ values: [Int]) {
        var packed = ProtobufFields()
        for value in values { packed.append(raw: UInt64(bitPattern: Int64(value))) }
        append(number, packed.data)
    }
}

/// Numbers as they lie in `bytes` fields: little-endian, one behind the other.
enum RawNumbers {
    static func data(_ values: some Sequence<Int32>) -> Data {
        var data = Data()
        for value in values {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    static func data(_ values: some Sequence<Int64>) -> Data {
        var data = Data()
        for value in values {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    static func data(_ values: some Sequence<Float>) -> Data {
        data(values.map { Int32(bitPattern: $0.bitPattern) })
    }

    /// nil where `data` is no whole number of values.
    static func integers<Number: FixedWidthInteger>(_ data: Data, _: Number.Type) -> [Int]? {
        let size = MemoryLayout<Number>.size
        guard data.count % size == 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: data.count, by: size).map {
                Int(Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)))
            }
        }
    }

    static func floats(_ data: Data) -> [Float]? {
        integers(data, UInt32.self)?.map { Float(bitPattern: UInt32($0)) }
    }
}
