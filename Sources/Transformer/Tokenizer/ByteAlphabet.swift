/// The printable characters that byte-level vocabularies write bytes with: printable Latin-1 bytes
/// stand for themselves, the others for U+0100 and up, in order.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? "?"
            }
        }
    }()

    /// The byte of each character below U+0144.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// Appends the bytes that `text` stands for.
    ///
    /// - Returns: Whether all of it is in the alphabet; otherwise nothing was appended.
    static func append(_ text: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) -> Bool {
        let start = buffer.count
        var position = 0
        while position < text.count {
            let (scalar, next) = ScalarReader.decode(text, at: position)
            guard scalar < 0x144, let byte = bytes[Int(scalar)] else {
                buffer.removeSubrange(start...)
                return false
            }
            buffer.append(byte)
            position = next
        }
        return true
    }
}
