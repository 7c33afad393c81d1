import Testing

@testable import Transformer

@Suite struct SHA256Tests {
    // FIPS 180-4 examples; the last one is a million times "a".
    @Test(arguments: [true, false])
    func `published digests are reproduced`(usesInstructions: Bool) {
        func digest(_ text: String) -> String {
            var hash = SHA256(usesInstructions: usesInstructions)
            hash.update(text)
            return hash.hexDigest()
        }
        #expect(
            digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            digest(
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")
                == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1")
        #expect(
            digest(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `how a message is cut does not matter`() {
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var whole = SHA256()
        message.withUnsafeBytes { whole.update($0) }
        for length in [1, 3, 63, 64, 65, 128, 299] {
            for usesInstructions in [true, false] {
                var hash = SHA256(usesInstructions: usesInstructions)
                for start in stride(from: 0, to: message.count, by: length) {
                    message[start..<min(start + length, 300)].withUnsafeBytes { hash.update($0) }
                }
                #expect(hash.hexDigest() == whole.hexDigest())
            }
        }
    }
}
