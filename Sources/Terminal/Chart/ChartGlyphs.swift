/// What curves are drawn with, the finest first.
package enum ChartGlyphs: String, Hashable, Sendable, CaseIterable {
    /// 2×4 dots in a cell.
    case braille
    /// 2×2 dots in a cell.
    case blocks
    /// One sign in a cell.
    case ascii

    /// The finest that the terminal can show: the console of Linux has no braille.
    package static func choose(isASCII: Bool, terminal: String) -> ChartGlyphs {
        if isASCII { return .ascii }
        return terminal == "linux" || terminal.hasPrefix("linux-") ? .blocks : .braille
    }

    /// Dots side by side in a cell.
    var dotColumns: Int { self == .ascii ? 1 : 2 }
    /// Dots one above the other in a cell.
    var dotRows: Int {
        switch self {
        case .braille: 4
        case .blocks: 2
        case .ascii: 1
        }
    }

    /// The bit of the dot at a place of a cell, counted from its top left.
    func bit(x: Int, y: Int) -> UInt8 {
        switch self {
        case .braille: y == 3 ? 64 << UInt8(x) : 1 << UInt8(y + 3 * x)
        case .blocks: 1 << UInt8(2 * y + x)
        case .ascii: 1
        }
    }

    /// The text of a cell with these dots; `sign` where a cell has no dots.
    func text(_ bits: UInt8, sign: String) -> String {
        switch self {
        case .braille: Self.brailleCells[Int(bits)]
        case .blocks: Self.blockCells[Int(bits & 15)]
        case .ascii: sign
        }
    }

    private static let brailleCells = (0..<256).map { bits in
        Unicode.Scalar(UInt32(0x2800 + bits)).map { String(Character($0)) } ?? " "
    }
    private static let blockCells = Array(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█").map { String($0) }

    var signs: Glyphs { Glyphs(isASCII: self == .ascii) }

    /// A piece of a horizontal line: one dot of a cell, so that it stands as exactly as a curve.
    ///
    /// - Parameter dotRow: Of the cell, from its top.
    func guide(dotRow: Int) -> String {
        switch self {
        case .braille: text(bit(x: 0, y: dotRow), sign: "")
        case .blocks: signs.horizontal
        case .ascii: "-"
        }
    }

    // The console of Linux has no dashed lines either.
    func mark(_ kind: ChartMark.Kind) -> String {
        switch self {
        case .braille: kind == .verification ? "╎" : "┊"
        case .blocks: "│"
        case .ascii: kind == .verification ? "!" : ":"
        }
    }
    var tickLeft: String { self == .ascii ? "+" : "┤" }
    var tickBelow: String { self == .ascii ? "+" : "┬" }
    var corner: String { self == .ascii ? "+" : "└" }
}
