/// Why a safetensors file, or one tensor of it, cannot be used.
public enum SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be opened, read or written.
    case file(FileError)
    /// Fewer bytes than the eight that hold the header's size.
    case tooShort(path: String, byteCount: Int)
    /// The header claims more than the format allows.
    case headerTooLarge(path: String, byteCount: UInt64)
    /// The file ends within the header.
    case headerBeyondFile(path: String, headerByteCount: Int, fileByteCount: Int)
    /// The header's first byte is not an opening brace.
    case headerWithoutBrace(path: String)
    /// The header is not JSON of the allowed form.
    case headerNotJSON(path: String, reason: String)
    /// The header has an item that does not have the fields of a tensor.
    case invalidEntry(path: String, tensor: String, reason: String)
    /// A shape that is no list of whole numbers from 0 to 2^53.
    case invalidShape(path: String, tensor: String)
    /// Offsets that are no two whole numbers, the first at most the second.
    case invalidOffsets(path: String, tensor: String)
    /// A value of the metadata that is no string, or metadata that is no object.
    case invalidMetadata(path: String, name: String)
    /// A tensor, metadata item or field of a tensor that is listed twice.
    case duplicateName(path: String, name: String)
    /// The product of sizes is beyond 64 bits.
    case sizeOverflow(path: String, tensor: String, shape: [Int])
    /// Shape and type need another number of bytes than the file reserves.
    case wrongByteCount(path: String, tensor: String, expected: Int, found: Int)
    /// Bytes before a tensor that belong to none.
    case gap(path: String, tensor: String, byteCount: Int)
    /// Two tensors share bytes.
    case overlap(path: String, tensor: String, other: String)
    /// The file ends before the tensor does.
    case truncated(path: String, tensor: String, missingByteCount: Int)
    /// The file goes on after the last tensor.
    case trailingBytes(path: String, byteCount: Int)
    /// A header without any tensor.
    case noTensors(path: String)
    /// The file lost bytes after it was opened.
    case shrunk(path: String)
    /// No tensor of that name.
    case missingTensor(path: String, tensor: String)
    /// A type of numbers that is not known here.
    case unknownType(path: String, tensor: String, type: String)
    /// A known type, but not one for this use.
    case wrongType(path: String, tensor: String, found: String, expected: String)
    /// Other sizes than the model's.
    case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
    /// NaN or infinity among the numbers.
    case notFinite(path: String, tensor: String)

    /// One line: what, where, remedy.
    public var description: String {
        switch self {
        case .file(let error):
            error.description
        case .tooShort(let path, let byteCount):
            "\(shown(path)) has \(byteCount) bytes and is no safetensors file (download incomplete?)"
        case .headerTooLarge(let path, let byteCount):
            "\(shown(path)) claims a header of \(byteCount) bytes and is no safetensors file"
        case .headerBeyondFile(let path, let header, let file):
            """
            \(shown(path)) has \(file) bytes but claims a header of \(header) \
            (download incomplete?)
            """
        case .headerWithoutBrace(let path):
            "\(shown(path)): the header does not begin with { (no safetensors file?)"
        case .headerNotJSON(let path, let reason):
            "\(shown(path)): the header is not valid: \(reason)"
        case .invalidEntry(let path, let tensor, let reason):
            "\(shown(path)): tensor \(shown(tensor)) \(reason)"
        case .invalidShape(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) has a shape that is no list of sizes"
        case .invalidOffsets(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) has data_offsets that are no range of bytes"
        case .invalidMetadata(let path, let name):
            "\(shown(path)): \(shown(name)) of the metadata is no string"
        case .duplicateName(let path, let name):
            "\(shown(path)): the header lists \(shown(name)) twice"
        case .sizeOverflow(let path, let tensor, let shape):
            "\(shown(path)): tensor \(shown(tensor)) has the impossible shape \(shown(shape))"
        case .wrongByteCount(let path, let tensor, let expected, let found):
            "\(shown(path)): tensor \(shown(tensor)) has \(found) bytes, its shape needs \(expected)"
        case .gap(let path, let tensor, let byteCount):
            "\(shown(path)): \(byteCount) unused bytes before tensor \(shown(tensor))"
        case .overlap(let path, let tensor, let other):
            "\(shown(path)): tensors \(shown(tensor)) and \(shown(other)) share bytes"
        case .truncated(let path, let tensor, let missing):
            """
            \(shown(path)) ends \(missing) bytes before tensor \(shown(tensor)) does \
            (download incomplete?)
            """
        case .trailingBytes(let path, let byteCount):
            "\(shown(path)): \(byteCount) bytes after the last tensor"
        case .noTensors(let path):
            "\(shown(path)) contains no tensors"
        case .shrunk(let path):
            "\(shown(path)) became shorter while in use; is another program writing it?"
        case .missingTensor(let path, let tensor):
            "\(shown(path)): no tensor \(shown(tensor))"
        case .unknownType(let path, let tensor, let type):
            "\(shown(path)): tensor \(shown(tensor)) is stored as \(shown(type)), not known here"
        case .wrongType(let path, let tensor, let found, let expected):
            "\(shown(path)): tensor \(shown(tensor)) is stored as \(found), expected \(expected)"
        case .wrongShape(let path, let tensor, let expected, let found):
            """
            \(shown(path)): tensor \(shown(tensor)) has shape \(shown(found)), \
            expected \(shown(expected))
            """
        case .notFinite(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) contains NaN or infinity"
        }
    }
}

/// A shape from a file as it may stand in a message.
private func shown(_ shape: [Int]) -> String {
    let sizes = shape.prefix(8).map(String.init).joined(separator: ", ")
    return shape.count > 8 ? "[\(sizes), …]" : "[\(sizes)]"
}
