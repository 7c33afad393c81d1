import Transformer

/// SHA-256 of `bytes`, hexadecimal.
func sha256(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.hexDigest()
}

/// SHA-256 over parts that cannot run into each other: each is preceded by its length.
func sha256(parts: [String]) -> String {
    var hash = SHA256()
    for part in parts { hash.update("\(part.utf8.count):\(part)") }
    return hash.hexDigest()
}

/// SHA-256 over lists of tokens that cannot run into each other.
func sha256(tokens lists: [TokenID]..., label: String) -> String {
    var hash = SHA256()
    hash.update("\(label.utf8.count):\(label)")
    for list in lists {
        hash.update("\(list.count):")
        list.map { $0.rawValue.littleEndian }.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
}
