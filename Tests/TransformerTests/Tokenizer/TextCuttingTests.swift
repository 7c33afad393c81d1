import Foundation
import Testing

@testable import Transformer

@Suite struct TextCuttingTests {
    /// Strings of scalars that patterns and normal forms treat differently.
    static func texts(count: Int) -> [String] {
        let scalars = Array(
            "aZéÉǅʰªßſ'\u{301}\u{327}\u{93C}क\u{915}ẛ中カか\u{3099}가\u{1100}\u{1161}\u{11A8}09²Ⅷ٣½ \t\n\r\u{A0}\u{85}\u{2003}\u{3000}\u{200B}\u{FEFF}.,!/-_<>😀\u{1F3FD}\u{200D}\u{0}𝟎K\u{212B}\u{1F71}stmdrevl "
                .unicodeScalars)
        var generator = FixedGenerator(state: 7)
        return (0..<count).map { _ in
            let length = Int.random(in: 0...24, using: &generator)
            var text = String.UnicodeScalarView()
            for _ in 0..<length { text.append(scalars.randomElement(using: &generator) ?? " ") }
            return String(text)
        }
    }

    @Test func `hand-written patterns cut as their expressions do`() throws {
        for (expression, pattern) in SplitPattern.expressions {
            let regex = try NSRegularExpression(pattern: expression)
            for text in Self.texts(count: 3000) {
                let source = text as NSString
                let expected = regex.matches(
                    in: text, range: NSRange(location: 0, length: source.length)
                ).map { source.substring(with: $0.range) }
                var pieces: [String] = []
                Array(text.utf8).withUnsafeBufferPointer { bytes in
                    PreTokenizer.forEachWord(in: bytes, pattern: pattern, isolatesDigits: false) {
                        pieces.append(String(decoding: $0, as: UTF8.self))
                    }
                }
                #expect(
                    pieces.count == expected.count && zip(pieces, expected).allSatisfy(isSame),
                    "\(text.debugDescription) → \(pieces), \(expected)")
            }
        }
    }

    @Test func `composing by neighbourhoods is composing`() {
        let normalizer = TextNormalizer(steps: [.composed])
        for text in Self.texts(count: 20_000) {
            let normal = normalizer.normalized(text)
            #expect(
                isSame(normal, text.precomposedStringWithCanonicalMapping),
                "\(text.debugDescription)")
        }
    }

    @Test func `inert characters never change beside another`() {
        for number in UInt32(0)..<0x30000 where TextNormalizer.isInert(number) {
            guard let scalar = Unicode.Scalar(number) else { continue }
            #expect(scalar.properties.canonicalCombiningClass == .notReordered)
            let text = String(scalar)
            if number >= 0x300 {
                #expect(isSame(text.precomposedStringWithCanonicalMapping, text))
            }
        }
    }

    @Test func `long words merge as short ones do`() throws {
        let letters = ["a", "b", "c", "d"]
        var entries = letters
        var merges: [String] = []
        var generator = FixedGenerator(state: 3)
        while merges.count < 40 {
            let left = entries.randomElement(using: &generator) ?? "a"
            let right = entries.randomElement(using: &generator) ?? "a"
            guard !merges.contains("\"\(left) \(right)\"") else { continue }
            merges.append("\"\(left) \(right)\"")
            if !entries.contains(left + right) { entries.append(left + right) }
        }
        var file = TinyTokenizerFile()
        file.vocabulary =
            "{"
            + entries.enumerated().map { "\"\($1)\":\($0)" }
            .joined(separator: ",") + "}"
        file.merges = "[\(merges.joined(separator: ","))]"
        file.added = "[]"
        let tokenizer = try file.load()
        let ranks = Dictionary(
            uniqueKeysWithValues: merges.enumerated().map { ($1.dropFirst().dropLast(), $0) })
        for length in [1, 2, 50, 95, 96, 97, 98, 200, 700] {
            let word = (0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" }
            var parts = word
            while true {
                let pairs = zip(parts, parts.dropFirst()).enumerated().compactMap { index, pair in
                    ranks["\(pair.0) \(pair.1)"].map { (rank: $0, index: index) }
                }
                guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else {
                    break
                }
                parts.replaceSubrange(
                    best.index...best.index + 1, with: [parts[best.index] + parts[best.index + 1]])
            }
            let tokens = tokenizer.encode(word.joined(), special: .text, addSpecial: false)
            #expect(tokens == parts.compactMap { tokenizer.token(named: $0) })
        }
    }

    @Test func `half a character is never shown`() throws {
        var file = TinyTokenizerFile()
        let alphabet = ByteAlphabet.scalars.map(String.init)
        let entries = alphabet.enumerated().map { index, text in
            "\(text == "\"" || text == "\\" ? "\"\\\(text)\"" : "\"\(text)\""):\(index)"
        }
        file.vocabulary = "{\(entries.joined(separator: ","))}"
        file.merges = "[]"
        file.added = "[]"
        let tokenizer = try file.load()
        for text in Self.texts(count: 300) {
            let tokens = tokenizer.encode(text, special: .text, addSpecial: false)
            var decoder = StreamingDecoder(tokenizer, skipSpecial: true)
            let pieces = tokens.map { decoder.append($0) }
            #expect(!pieces.joined().unicodeScalars.contains("\u{FFFD}"))
            #expect(isSame(pieces.joined() + decoder.finish(), text))
        }
    }
}

/// A small generator whose numbers are the same on every machine.
struct FixedGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
