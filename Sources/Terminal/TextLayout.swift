// Layout of safe text in cells; texts hold no control characters but line feeds.
extension String {
    /// At most `width` cells, the rest replaced by "…" (or "~").
    package func truncated(to width: Int, isASCII: Bool = false) -> String {
        guard cellCount > width else { return self }
        guard width > 0 else { return "" }
        return prefix(cells: width - 1) + (isASCII ? "~" : "…")
    }

    /// Filled with spaces to `width` cells; longer text stays.
    package func padded(to width: Int, alignment: TextAlignment = .left) -> String {
        let space = String(repeating: " ", count: max(0, width - cellCount))
        return alignment == .left ? self + space : space + self
    }

    /// Lines of at most `width` cells, broken at spaces where possible; line feeds stay breaks.
    package func wrapped(to width: Int) -> [String] {
        precondition(width > 0)
        return split(separator: "\n", omittingEmptySubsequences: false).flatMap {
            Self.wrap(String($0), to: width)
        }
    }

    /// The longest beginning of whole characters that takes at most `cells`.
    private func prefix(cells: Int) -> String {
        var rest = cells
        return String(
            prefix { character in
                rest -= String(character).cellCount
                return rest >= 0
            })
    }

    private static func wrap(_ line: String, to width: Int) -> [String] {
        var lines: [String] = []
        var current: String?
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if let started = current {
                let longer = "\(started) \(word)"
                if longer.cellCount <= width {
                    current = longer
                    continue
                }
                lines.append(started)
            }
            let pieces = pieces(of: word, width: width)
            lines += pieces.dropLast()
            current = pieces.last ?? ""
        }
        return lines + [current ?? ""]
    }

    /// A word cut where it fills the line; a character wider than the line stands alone.
    private static func pieces(of word: Substring, width: Int) -> [String] {
        var pieces = [""]
        var cells = 0
        for character in word {
            let count = String(character).cellCount
            if cells > 0 && cells + count > width {
                pieces.append("")
                cells = 0
            }
            pieces[pieces.count - 1].append(character)
            cells += count
        }
        return pieces
    }
}

/// Where the text stands in its column.
package enum TextAlignment: Sendable {
    case left, right
}
