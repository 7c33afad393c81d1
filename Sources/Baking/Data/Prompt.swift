public import Foundation

/// The text being baked.
public struct Prompt: Hashable, Sendable {
    /// As read, without a byte order mark.
    public let text: String
    /// The file's name without its extension; names runs.
    public let name: String
    /// SHA-256 of the text's UTF-8, hexadecimal.
    public let hash: String

    /// Most bytes a prompt may have.
    public static let largestByteCount = 1_000_000

    /// A prompt from its text, which must hold more than white space.
    public init(text: String, name: String = "prompt") throws(PromptError) {
        guard text.contains(where: { !$0.isWhitespace }) else { throw .empty(path: name) }
        guard text.utf8.count <= Prompt.largestByteCount else {
            throw .tooLarge(path: name, byteCount: text.utf8.count)
        }
        self.text = text
        self.name = name
        hash = sha256(Array(text.utf8))
    }

    /// The prompt in `file`.
    public init(file: URL) throws(PromptError) {
        var text = try PromptFiles.text(of: file)
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let stem = file.deletingPathExtension().lastPathComponent
        do {
            try self.init(text: text, name: stem)
        } catch {
            if case .empty = error { throw .empty(path: file.path) }
            throw error
        }
    }

    /// Where the first byte lies that belongs to no character.
    static func invalidOffset(in data: Data) -> Int {
        var decoder = UTF8()
        var iterator = data.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            offset += UTF8.width(scalar)
        }
        return offset
    }
}

/// Why a prompt cannot be baked.
public enum PromptError: Error, Hashable, CustomStringConvertible {
    /// It cannot be read.
    case unreadable(path: String, reason: String)
    /// Nothing but white space.
    case empty(path: String)
    /// More than ``Prompt/largestByteCount`` bytes; nil when only that is known.
    case tooLarge(path: String, byteCount: Int?)
    /// The bytes from `offset` on are no UTF-8.
    case notUTF8(path: String, offset: Int)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read the prompt \(path): \(reason)"
        case .empty(let path): "the prompt \(path) is empty; write what the model should be into it"
        case .tooLarge(let path, let byteCount):
            "the prompt \(path) has \(byteCount.map(String.init) ?? "too many") bytes, "
                + "at most \(Prompt.largestByteCount) are allowed"
        case .notUTF8(let path, let offset):
            "the prompt \(path) is not UTF-8 (byte \(offset)); save it as UTF-8"
        }
    }
}
