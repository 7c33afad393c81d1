/// The changes of a text that can be undone and redone, bounded in memory.
struct EditorHistory: Sendable {
    /// One replacement in the text, and where the cursor was around it.
    struct Step: Sendable {
        /// In the text's UTF-8.
        var offset: Int
        var removed: String
        var inserted: String
        var cursorBefore: Int
        var anchorBefore: Int?
        var cursorAfter: Int

        fileprivate var byteCount: Int { removed.utf8.count + inserted.utf8.count }
    }

    /// What a change is; changes of the same kind may become one step.
    enum Kind: Sendable {
        case typing, deletingBack, deletingForward
        /// Always a step of its own: a paste, a kill.
        case single
    }

    /// Bytes of text that all steps hold together; the newest step is kept whatever it takes.
    static let byteLimit = 8 << 20
    static let stepLimit = 10_000

    private(set) var undoSteps: [Step] = []
    private(set) var redoSteps: [Step] = []
    private var byteCount = 0
    /// What the newest step goes on with; nil once anything else was done.
    private var openKind: Kind?
    private var endsWithSpace = false

    /// The next change begins a step of its own.
    mutating func close() { openKind = nil }

    /// Keeps a change, as a part of the newest step where it goes on with that. A space begins a new
    /// step, so that words come and go one by one.
    mutating func add(_ step: Step, _ kind: Kind) {
        for step in redoSteps { byteCount -= step.byteCount }
        redoSteps.removeAll()
        byteCount += step.byteCount
        let piece = kind == .typing ? step.inserted : step.removed
        let isSpace = piece.allSatisfy(\.isWhitespace)
        if kind != .single, openKind == kind, !isSpace || endsWithSpace, joinsLast(step, kind) {
            endsWithSpace = isSpace
            return
        }
        undoSteps.append(step)
        openKind = kind == .single ? nil : kind
        endsWithSpace = isSpace
        limit()
    }

    private mutating func joinsLast(_ step: Step, _ kind: Kind) -> Bool {
        guard let last = undoSteps.indices.last else { return false }
        let end = undoSteps[last].offset + undoSteps[last].inserted.utf8.count
        switch kind {
        case .typing where step.removed.isEmpty && step.offset == end:
            undoSteps[last].inserted += step.inserted
        case .deletingBack where step.offset + step.removed.utf8.count == undoSteps[last].offset:
            undoSteps[last].removed = step.removed + undoSteps[last].removed
            undoSteps[last].offset = step.offset
        case .deletingForward where step.offset == undoSteps[last].offset:
            undoSteps[last].removed += step.removed
        default: return false
        }
        undoSteps[last].cursorAfter = step.cursorAfter
        return true
    }

    private mutating func limit() {
        var dropped = 0
        while undoSteps.count - dropped > 1,
            byteCount > Self.byteLimit || undoSteps.count - dropped > Self.stepLimit
        {
            byteCount -= undoSteps[dropped].byteCount
            dropped += 1
        }
        undoSteps.removeFirst(dropped)
    }

    /// The step to take back.
    mutating func undo() -> Step? {
        close()
        guard let step = undoSteps.popLast() else { return nil }
        redoSteps.append(step)
        return step
    }

    /// The step to make again.
    mutating func redo() -> Step? {
        close()
        guard let step = redoSteps.popLast() else { return nil }
        undoSteps.append(step)
        return step
    }
}
