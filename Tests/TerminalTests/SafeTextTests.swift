import Foundation
import Testing

@testable import Terminal

/// Numbers from a seed, the same everywhere (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct SafeTextTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    @Test(arguments: [
        ("\u{1B}]52;c;aGk=\u{07}", "␛]52;c;aGk=␇"), ("\u{1B}[2J", "␛[2J"), ("\u{1B}c", "␛c"),
        ("\u{9B}31m", "⟨9B⟩31m"), ("abc\rX", "abc␍X"), ("a\r\nb", "a\nb"), ("a\u{85}b", "a\nb"),
        ("a\u{2028}b", "a\nb"), ("\u{202E}evil", "⟨202E⟩evil"), ("a\tb", "a   b"),
        ("abcd\tb", "abcd    b"), ("\n\tb", "\n    b"), ("x\u{08}\u{7F}", "x␈␡"),
        ("a\u{200B}b\u{FEFF}c\u{00AD}", "abc"), ("\u{E0041}\u{E007F}", "⟨tag⟩⟨tag⟩"),
        ("❤\u{FE0F}", "❤"), ("👍\u{1F3FD}", "👍"), ("水é", "水é"),
        ("a\u{2061}\u{3164}", "a⟨2061⟩⟨3164⟩"), ("a\r", "a␍"), ("", ""),
    ])
    func `what could drive the terminal is shown`(text: String, shown: String) {
        #expect(text.terminalSafe() == shown)
    }

    @Test func `a base keeps four marks`() {
        let text = "e" + String(repeating: "\u{301}", count: 10) + "x"
        #expect(text.terminalSafe().unicodeScalars.count == 6)
    }

    @Test(arguments: [
        ("\u{1B}[2J", "^[[2J"), ("\u{7F}", "^?"), ("é\u{9B}", "<E9><9B>"), ("\u{E0041}", "<tag>"),
    ])
    func `without UTF-8 everything becomes ASCII`(text: String, shown: String) {
        #expect(text.terminalSafe(isASCII: true) == shown)
    }

    @Test func `a line has no line feed`() {
        #expect("a\nb\r\nc".terminalSafeLine() == "a␊b␊c")
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: true
        case 0x00..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060,
            0x2066...0x2069, 0xFEFF, 0xFE00...0xFE0F, 0xE0000...0xE01EF:
            false
        default: true
        }
    }

    private func randomText(_ numbers: inout SeededNumbers) -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x9F, 0x20...0x7E, 0x300...0x310, 0x2000...0x2070, 0x4E00...0x4E10,
            0x1F3F0...0x1F3FF, 0xE0000...0xE0080, 0xFE00...0xFEFF, 0...0x10FFFF,
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...40, using: &numbers) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &numbers)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &numbers)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    @Test func `no text of any kind comes out harmful, however it is cut`() {
        var numbers = SeededNumbers(state: 7)
        for _ in 0..<2000 {
            let text = randomText(&numbers)
            let whole = text.terminalSafe()
            #expect(whole.unicodeScalars.allSatisfy(Self.isHarmless))
            #expect(text.terminalSafe(isASCII: true).unicodeScalars.allSatisfy { $0.isASCII })
            #expect(whole.terminalSafe() == whole)
            let scalars = Array(text.unicodeScalars)
            let cut = Int.random(in: 0...scalars.count, using: &numbers)
            var stream = SafeText()
            var parts = ""
            for half in [scalars[..<cut], scalars[cut...]] {
                var piece = ""
                piece.unicodeScalars.append(contentsOf: half)
                parts += stream.append(piece)
            }
            #expect(parts + stream.finish() == whole)
        }
    }

    @Test func `a megabyte on one line is no trouble`() {
        let text = String(repeating: "a\u{08}", count: 500_000)
        #expect(text.terminalSafe().wrapped(to: 80).count == 12500)
    }
}
