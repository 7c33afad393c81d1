internal import CKernels

/// SHA-256 of a message given piece by piece.
package struct SHA256 {
    private var state = kernel_sha256()

    package init() { kernel_sha256_start(&state) }

    /// For tests of the code that runs where the processor has no instructions for it.
    init(usesInstructions: Bool) {
        self.init()
        if !usesInstructions { state.has_instructions = 0 }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        kernel_sha256_update(&state, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// 64 hexadecimal digits, in lower case, for the message so far.
    package func hexDigest() -> String {
        var state = state
        var digest = [UInt8](repeating: 0, count: 32)
        kernel_sha256_finish(&state, &digest)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    package static func hexDigest(of text: String) -> String {
        var hash = SHA256()
        hash.update(text)
        return hash.hexDigest()
    }
}
