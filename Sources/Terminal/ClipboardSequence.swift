internal import Foundation

/// The sequence that asks a terminal to put text on the clipboard (OSC 52).
enum ClipboardSequence {
    /// Bytes of base64 that terminals are known to take.
    static let limit = 74_000

    /// nil when the text is too long. Control characters but line feed and tab are left out of it.
    static func bytes(for text: String, isTmux: Bool) -> [UInt8]? {
        var kept = String.UnicodeScalarView()
        kept.append(
            contentsOf: text.unicodeScalars.filter {
                $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
            })
        let encoded = Data(String(kept).utf8).base64EncodedString()
        guard encoded.utf8.count <= limit else { return nil }
        let plain = "\u{1B}]52;c;\(encoded)\u{7}"
        guard isTmux else { return Array(plain.utf8) }
        // tmux takes the plain form with `set-clipboard on` and passes the wrapped one on with
        // `allow-passthrough on`.
        return Array("\(plain)\u{1B}Ptmux;\u{1B}\(plain)\u{1B}\\".utf8)
    }
}
