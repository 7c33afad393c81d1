import Foundation

/// One record of a TensorBoard file: the protobuf message `Event`, of which this is what is needed,
/// between its length and check sums.
struct TensorBoardEvent: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        /// The first record of every file.
        case version
        /// Figures and texts of one step.
        case values([Value])
        /// A start from the event's step: the reader drops what it has of this step and later ones.
        case sessionStart
    }

    enum Value: Hashable, Sendable {
        case scalar(tag: String, Float)
        /// Shown as Markdown.
        case text(tag: String, String)
    }

    /// Unix seconds.
    var wallTime: Double
    /// At least 0; nil for the version.
    var step: Int?
    var content: Content

    /// `u64 length`, its check sum, the message, its check sum; little-endian.
    var record: [UInt8] {
        let message = message
        let length = Self.littleEndian(UInt64(message.count))
        return length + Self.littleEndian(CRC32C.masked(of: length)) + message
            + Self.littleEndian(CRC32C.masked(of: message))
    }

    private var message: [UInt8] {
        var bytes = Self.key(1, 1) + Self.littleEndian(wallTime.bitPattern)
        if let step { bytes += Self.key(2, 0) + Self.varint(UInt64(max(step, 0))) }
        switch content {
        case .version: bytes += Self.field(3, Array("brain.Event:2".utf8))
        case .values(let values):
            bytes += Self.field(5, values.flatMap { Self.field(1, $0.message) })
        case .sessionStart: bytes += Self.field(7, Self.key(1, 0) + Self.varint(1))
        }
        return bytes
    }

    fileprivate static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    fileprivate static func key(_ number: UInt64, _ wireType: UInt64) -> [UInt8] {
        varint(number << 3 | wireType)
    }

    fileprivate static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// A field of bytes: a text or a message.
    fileprivate static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        key(number, 2) + varint(UInt64(bytes.count)) + bytes
    }
}

extension TensorBoardEvent.Value {
    fileprivate var message: [UInt8] {
        typealias Event = TensorBoardEvent
        switch self {
        case .scalar(let tag, let value):
            return Event.field(1, Array(tag.utf8)) + Event.key(2, 5)
                + Event.littleEndian(value.bitPattern)
        case .text(let tag, let text):
            // A tensor of one string: type 7, one dimension of size 1.
            let tensor =
                Event.key(1, 0) + Event.varint(7)
                + Event.field(2, Event.field(2, Event.key(1, 0) + Event.varint(1)))
                + Event.field(8, Array(text.utf8))
            let metadata = Event.field(1, Event.field(1, Array("text".utf8)))
            return Event.field(1, Array(tag.utf8)) + Event.field(8, tensor)
                + Event.field(9, metadata)
        }
    }
}
