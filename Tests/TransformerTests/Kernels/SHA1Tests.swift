import Testing

@testable import Transformer

@Suite struct SHA1Tests {
    // FIPS 180-4 examples; the last one is a million times "a".
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
    func `published digests are reproduced`(text: String, digest: String) {
        var hash = SHA1()
        hash.update(text)
        #expect(hash.hexDigest() == digest)
    }

    @Test(arguments: [1, 3, 63, 64, 65, 128, 299])
    func `how a message is cut does not matter`(length: Int) {
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var whole = SHA1()
        message.withUnsafeBytes { whole.update($0) }
        var hash = SHA1()
        for start in stride(from: 0, to: message.count, by: length) {
            message[start..<min(start + length, 300)].withUnsafeBytes { hash.update($0) }
        }
        #expect(hash.hexDigest() == whole.hexDigest())
    }
}
