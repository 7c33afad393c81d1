internal import Terminal

/// Where everything is on a screen of some size: a function of sizes alone.
struct PaneLayout: Hashable, Sendable {
    enum Shape: Hashable, Sendable {
        /// Three columns.
        case wide
        /// A column of folded panes, and the chat.
        case columns
        /// One pane with tabs above.
        case single
        /// The same without frames.
        case bare
        /// Too small for anything.
        case tooSmall
    }

    let shape: Shape
    /// The panes that are seen, each with its frame.
    private(set) var panes: [Pane: Rect] = [:]
    /// Panes of which only the title line is seen.
    private(set) var folded: Set<Pane> = []
    /// The line that names the panes; empty where they are all seen.
    private(set) var tabs = Rect(x: 0, y: 0, width: 0, height: 0)
    /// The last line.
    private(set) var status = Rect(x: 0, y: 0, width: 0, height: 0)

    /// Whether the panes have frames.
    var hasFrames: Bool { shape != .bare }

    /// - Parameters:
    ///   - focus: Always seen.
    ///   - side: The pane of the left column that is unfolded while the chat has the focus.
    ///   - isComparing: Whether the chat needs room for several replies beside each other.
    init(_ size: Size, focus: Pane, side: Pane, isComparing: Bool = false) {
        let side = focus == .chat ? (side == .chat ? .bake : side) : focus
        switch (size.columns, size.rows) {
        case (140..., 36...): shape = .wide
        case (100..., 28...): shape = .columns
        case (60..., 16...): shape = .single
        case (40..., 10...): shape = .bare
        default: shape = .tooSmall
        }
        guard shape != .tooSmall else { return }
        let parts = Rect(size).split(bottom: 1)
        status = parts.bottom
        switch shape {
        case .wide where isComparing && focus == .chat:
            let (left, chat) = parts.rest.split(left: parts.rest.width * 30 / 100)
            let rows = left.split(top: left.height / 3)
            panes[.prompt] = rows.top
            panes[.bake] = rows.rest
            panes[.chat] = chat
        case .columns where isComparing && focus == .chat:
            let (top, rest) = parts.rest.split(top: 1)
            tabs = top
            panes[.chat] = rest
        case .wide: layWide(parts.rest, focus: side)
        case .columns: layColumns(parts.rest, side: side)
        default:
            let (top, rest) = parts.rest.split(top: 1)
            tabs = top
            panes[focus] = rest
        }
    }

    private mutating func layWide(_ rect: Rect, focus: Pane) {
        let left = rect.width * 30 / 100
        let right = rect.width * 36 / 100
        let (prompts, rest) = rect.split(left: left)
        let (middle, chat) = rest.split(left: rest.width - right)
        let upper = prompts.split(
            top: prompts.height * (focus == .data ? 40 : focus == .prompt ? 65 : 50) / 100)
        panes[.prompt] = upper.top
        panes[.data] = upper.rest
        let lower = middle.split(bottom: focus == .runs ? middle.height / 2 : 8)
        panes[.bake] = lower.rest
        panes[.runs] = lower.bottom
        panes[.chat] = chat
    }

    private mutating func layColumns(_ rect: Rect, side: Pane) {
        let (left, chat) = rect.split(left: rect.width * 54 / 100)
        panes[.chat] = chat
        var y = left.y
        let column: [Pane] = [.prompt, .data, .bake, .runs]
        for pane in column {
            let height = pane == side ? left.height - (column.count - 1) : 1
            panes[pane] = Rect(x: left.x, y: y, width: left.width, height: height)
            if pane != side { folded.insert(pane) }
            y += height
        }
    }
}
