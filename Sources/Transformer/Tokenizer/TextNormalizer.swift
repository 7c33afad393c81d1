import Foundation

/// What a tokenizer does to text before cutting it.
struct TextNormalizer: Equatable, Sendable {
    enum Step: Equatable, Sendable {
        /// Unicode's composed form.
        case composed
        /// Puts text in front of what is not empty.
        case prepend(String)
        /// Replaces each occurrence.
        case replace(String, with: String)
    }

    var steps: [Step] = []

    /// The normal form of valid UTF-8, or `nil` if it is `bytes` already.
    func normalized(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        var result: [UInt8]?
        for step in steps {
            let changed =
                if let result {
                    result.withUnsafeBufferPointer { Self.apply(step, to: $0) }
                } else {
                    Self.apply(step, to: bytes)
                }
            if let changed { result = changed }
        }
        return result
    }

    /// The normal form of `text`.
    func normalized(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let changed = bytes.withUnsafeBufferPointer { normalized($0) }
        return String(decoding: changed ?? bytes, as: UTF8.self)
    }

    private static func apply(_ step: Step, to bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        switch step {
        case .composed: composed(bytes)
        case .prepend(let prefix): Array(prefix.utf8) + bytes
        case .replace(let old, let new): replaced(Array(old.utf8), with: Array(new.utf8), in: bytes)
        }
    }

    private static func replaced(
        _ old: [UInt8], with new: [UInt8], in bytes: UnsafeBufferPointer<UInt8>
    ) -> [UInt8] {
        guard let first = old.first else { return Array(bytes) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 2)
        var position = 0
        while position < bytes.count {
            if bytes[position] == first, bytes[position...].starts(with: old) {
                result.append(contentsOf: new)
                position += old.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return result
    }

    /// Composes only the neighbourhood of characters that composing could change: whole texts are
    /// slow to normalise, and most need nothing.
    private static func composed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        // Below U+0300, whose first byte is 0xCC, everything is composed already.
        if bytes.allSatisfy({ $0 < 0xCC }) { return nil }
        var result: [UInt8]?
        var copied = 0
        var previous = 0
        var position = 0
        while position < bytes.count {
            let (scalar, next) = ScalarReader.decode(bytes, at: position)
            guard !isInert(scalar) else {
                previous = position
                position = next
                continue
            }
            var end = next
            while end < bytes.count {
                let (following, after) = ScalarReader.decode(bytes, at: end)
                if isInert(following) { break }
                end = after
            }
            let changed = String(decoding: bytes[previous..<end], as: UTF8.self)
                .precomposedStringWithCanonicalMapping
            if !changed.utf8.elementsEqual(bytes[previous..<end]) {
                result = result ?? []
                result?.append(contentsOf: bytes[copied..<previous])
                result?.append(contentsOf: changed.utf8)
                copied = end
            }
            previous = end
            position = end
        }
        result?.append(contentsOf: bytes[copied...])
        return result
    }

    /// Whether a character is composed, has combining class 0 and never composes with the one
    /// before it. Ranges of common scripts only: for all others the answer is no, which is slower
    /// but as right.
    static func isInert(_ scalar: UInt32) -> Bool {
        if scalar < 0x300 { return true }
        if scalar >= 0x4E00 { return largeInert.contains { $0.contains(scalar) } }
        return smallInert.contains { $0.contains(scalar) }
    }

    private static let smallInert: [ClosedRange<UInt32>] = [
        0x0388...0x0482, 0x048A...0x0556, 0x05D0...0x05EA, 0x0620...0x064A, 0x0660...0x066F,
        0x0671...0x06D3, 0x0904...0x0939, 0x0E01...0x0E37, 0x0E3F...0x0E47, 0x1E00...0x1E9A,
        0x1E9C...0x1EFF, 0x2002...0x205E, 0x2070...0x20BF, 0x2190...0x2328, 0x232B...0x2ADB,
        0x3000...0x3029, 0x3030...0x3098, 0x309B...0x4DBF,
    ]

    private static let largeInert: [ClosedRange<UInt32>] = [
        0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFE00...0xFE0F, 0xFF01...0xFFEE, 0x1F000...0x1FAFF,
        0x20000...0x2F7FF,
    ]
}
