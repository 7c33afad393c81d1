internal import CKernels

/// SHA-1 of a message given piece by piece: what git calls contents by. It shows accidents, no more.
package struct SHA1 {
    private var state = kernel_sha1()

    package init() { kernel_sha1_start(&state) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        kernel_sha1_update(&state, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// 40 hexadecimal digits, in lower case, for the message so far.
    package func hexDigest() -> String {
        var state = state
        var digest = [UInt8](repeating: 0, count: 20)
        kernel_sha1_finish(&state, &digest)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
