import Foundation
import Transformer

/// What was sent does not read as the protocol says.
struct TinkerWireError: Error, Hashable {
    var why: String

    init(_ why: String) { self.why = why }
}

/// Arrays as they lie in the protobuf dialect: raw, little-endian.
enum TinkerBytes {
    static func data<Scalar: FixedWidthInteger>(of values: [Scalar]) -> Data {
        values.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

    static func data(of tokens: [TokenID]) -> Data { data(of: tokens.map(\.rawValue)) }

    static func data(of values: [Float]) -> Data { data(of: values.map(\.bitPattern)) }

    /// - Throws: When `data` does not hold a whole number of scalars.
    static func integers<Scalar: FixedWidthInteger>(
        _ data: Data, _ name: String
    ) throws(TinkerWireError) -> [Scalar] {
        let size = MemoryLayout<Scalar>.size
        guard data.count.isMultiple(of: size) else {
            throw TinkerWireError("\(name) has \(data.count) bytes, which \(size) does not divide")
        }
        let count = data.count / size
        return [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
            _ = data.copyBytes(to: buffer)
            for index in 0..<count { buffer[index] = Scalar(littleEndian: buffer[index]) }
            initialized = count
        }
    }

    static func floats(_ data: Data, _ name: String) throws(TinkerWireError) -> [Float] {
        let bits: [UInt32] = try integers(data, name)
        return bits.map(Float.init(bitPattern:))
    }

    /// bfloat16 is the upper half of a float.
    static func bfloats(_ data: Data, _ name: String) throws(TinkerWireError) -> [Float] {
        let halves: [UInt16] = try integers(data, name)
        return halves.map { Float(bitPattern: UInt32($0) << 16) }
    }

    static func tokens(_ data: Data, _ name: String) throws(TinkerWireError) -> [TokenID] {
        let numbers: [Int32] = try integers(data, name)
        guard numbers.allSatisfy({ $0 >= 0 }) else {
            throw TinkerWireError("\(name) has a negative token")
        }
        return numbers.map(TokenID.init(rawValue:))
    }
}
