internal import CNcurses

/// Pairs of colours of the screen, defined when first used.
struct NcursesColours {
    /// What a cell of one look is written with.
    struct Written {
        let attributes: Int32
        let pair: Int32
        let background: Int32

        /// Whether a space looks the same in both: its colour is not seen.
        func showsSpace(like other: Written) -> Bool {
            let visible = Int32(Style.Attributes([.underline, .reverse]).rawValue)
            return background == other.background && attributes == other.attributes
                && attributes & visible == 0
        }
    }

    private struct Pair: Hashable {
        let foreground: Int32
        let background: Int32
    }

    private let depth: ColourDepth
    private let limit: Int
    private var pairs: [Pair: Int32] = [:]
    private var looks: [Look: Written] = [:]
    /// Whether room was made in this frame: what finds none now goes without colours.
    private var isFull = false

    /// - Parameter limit: Pairs there can be, pair 0 included.
    init(depth: ColourDepth, limit: Int) {
        self.depth = depth
        // One that a pair's number may not reach is left free.
        self.limit = min(limit, 32_767)
    }

    /// - Returns: nil when there are no more pairs; ``forget()`` makes room once in a frame.
    mutating func written(_ look: Look, theme: Theme, on screen: OpaquePointer) -> Written? {
        if let written = looks[look] { return written }
        let cell = CellColours(look, theme: theme, depth: depth)
        guard
            let pair = pair(
                Pair(foreground: cell.foreground, background: cell.background), on: screen)
        else { return nil }
        let written = Written(
            attributes: Int32(cell.attributes.rawValue), pair: pair, background: cell.background)
        looks[look] = written
        return written
    }

    /// From here on room may be made once more.
    mutating func beginFrame() { isFull = false }

    /// Forgets all pairs.
    mutating func forget() {
        pairs = [:]
        looks = [:]
        isFull = true
    }

    private mutating func pair(_ pair: Pair, on screen: OpaquePointer) -> Int32? {
        // Pair 0 is the terminal's own.
        if pair.foreground < 0 && pair.background < 0 { return 0 }
        if let number = pairs[pair] { return number }
        let number = Int32(pairs.count + 1)
        guard Int(number) < limit,
            cncurses_pair(screen, number, pair.foreground, pair.background) != 0
        else { return isFull ? 0 : nil }
        pairs[pair] = number
        return number
    }
}
