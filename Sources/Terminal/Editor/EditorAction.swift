/// What can be done in a text with a key; the names are those of a user's key file.
package enum EditorAction: String, CaseIterable, Hashable, Sendable {
    case left = "editor.left"
    case right = "editor.right"
    case wordLeft = "editor.wordLeft"
    case wordRight = "editor.wordRight"
    case up = "editor.up"
    case down = "editor.down"
    case lineStart = "editor.lineStart"
    case lineEnd = "editor.lineEnd"
    case pageUp = "editor.pageUp"
    case pageDown = "editor.pageDown"
    case textStart = "editor.textStart"
    case textEnd = "editor.textEnd"

    case selectLeft = "editor.selectLeft"
    case selectRight = "editor.selectRight"
    case selectWordLeft = "editor.selectWordLeft"
    case selectWordRight = "editor.selectWordRight"
    case selectUp = "editor.selectUp"
    case selectDown = "editor.selectDown"
    case selectLineStart = "editor.selectLineStart"
    case selectLineEnd = "editor.selectLineEnd"
    case selectPageUp = "editor.selectPageUp"
    case selectPageDown = "editor.selectPageDown"
    case selectTextStart = "editor.selectTextStart"
    case selectTextEnd = "editor.selectTextEnd"
    case selectAll = "editor.selectAll"
    case dropSelection = "editor.dropSelection"

    case newline = "editor.newline"
    case deleteBack = "editor.deleteBack"
    case deleteForward = "editor.deleteForward"
    case deleteWordBack = "editor.deleteWordBack"
    case deleteWordForward = "editor.deleteWordForward"
    case killLineStart = "editor.killLineStart"
    case killLineEnd = "editor.killLineEnd"
    case killWordBack = "editor.killWordBack"
    case killWordForward = "editor.killWordForward"
    case yank = "editor.yank"
    case undo = "editor.undo"
    case redo = "editor.redo"
    case findNext = "editor.findNext"
    case findPrevious = "editor.findPrevious"

    /// One line for a list of keys or commands.
    package var title: String {
        switch self {
        case .left: "Go left"
        case .right: "Go right"
        case .wordLeft: "Go to the word before"
        case .wordRight: "Go to the end of the word"
        case .up: "Go up"
        case .down: "Go down"
        case .lineStart: "Go to the start of the line"
        case .lineEnd: "Go to the end of the line"
        case .pageUp: "Go up a page"
        case .pageDown: "Go down a page"
        case .textStart: "Go to the start of the text"
        case .textEnd: "Go to the end of the text"
        case .selectLeft: "Select to the left"
        case .selectRight: "Select to the right"
        case .selectWordLeft: "Select to the word before"
        case .selectWordRight: "Select to the end of the word"
        case .selectUp: "Select upwards"
        case .selectDown: "Select downwards"
        case .selectLineStart: "Select to the start of the line"
        case .selectLineEnd: "Select to the end of the line"
        case .selectPageUp: "Select a page upwards"
        case .selectPageDown: "Select a page downwards"
        case .selectTextStart: "Select to the start of the text"
        case .selectTextEnd: "Select to the end of the text"
        case .selectAll: "Select all"
        case .dropSelection: "Drop the selection"
        case .newline: "New line"
        case .deleteBack: "Delete the character before"
        case .deleteForward: "Delete the character behind"
        case .deleteWordBack: "Delete the word before"
        case .deleteWordForward: "Delete the word behind"
        case .killLineStart: "Kill to the start of the line"
        case .killLineEnd: "Kill to the end of the line"
        case .killWordBack: "Kill back to the white space"
        case .killWordForward: "Kill the word behind"
        case .yank: "Put back what was killed"
        case .undo: "Undo"
        case .redo: "Redo"
        case .findNext: "Find next"
        case .findPrevious: "Find previous"
        }
    }

    /// The move that it is, and whether it selects.
    var move: (TextEditor.Move, isExtending: Bool)? {
        switch self {
        case .left: (.left, false)
        case .right: (.right, false)
        case .wordLeft: (.wordLeft, false)
        case .wordRight: (.wordRight, false)
        case .up: (.up, false)
        case .down: (.down, false)
        case .lineStart: (.lineStart, false)
        case .lineEnd: (.lineEnd, false)
        case .pageUp: (.pageUp, false)
        case .pageDown: (.pageDown, false)
        case .textStart: (.textStart, false)
        case .textEnd: (.textEnd, false)
        case .selectLeft: (.left, true)
        case .selectRight: (.right, true)
        case .selectWordLeft: (.wordLeft, true)
        case .selectWordRight: (.wordRight, true)
        case .selectUp: (.up, true)
        case .selectDown: (.down, true)
        case .selectLineStart: (.lineStart, true)
        case .selectLineEnd: (.lineEnd, true)
        case .selectPageUp: (.pageUp, true)
        case .selectPageDown: (.pageDown, true)
        case .selectTextStart: (.textStart, true)
        case .selectTextEnd: (.textEnd, true)
        default: nil
        }
    }

    // MARK: - Keys

    /// The keys of a text of lines. Where Enter does something else, as in a chat's input, take
    /// ``inputKeys``.
    package static let defaultKeys: [(EditorAction, [Key])] = inputKeys.map { action, keys in
        (action, action == .newline ? [Key(.enter)] + keys : keys)
    }

    /// The keys of a text of lines without Enter.
    package static let inputKeys: [(EditorAction, [Key])] = [
        (.left, [Key(.left)]), (.right, [Key(.right)]),
        (.wordLeft, [Key(.left, .control), .alt("b")]),
        (.wordRight, [Key(.right, .control), .alt("f")]),
        (.up, [Key(.up)]), (.down, [Key(.down)]),
        (.lineStart, [Key(.home), .control("a")]), (.lineEnd, [Key(.end), .control("e")]),
        (.pageUp, [Key(.pageUp)]), (.pageDown, [Key(.pageDown)]),
        (.textStart, [Key(.home, .control)]), (.textEnd, [Key(.end, .control)]),
        (.selectLeft, [Key(.left, .shift)]), (.selectRight, [Key(.right, .shift)]),
        (.selectWordLeft, [Key(.left, [.control, .shift])]),
        (.selectWordRight, [Key(.right, [.control, .shift])]),
        (.selectUp, [Key(.up, .shift)]), (.selectDown, [Key(.down, .shift)]),
        (.selectLineStart, [Key(.home, .shift)]), (.selectLineEnd, [Key(.end, .shift)]),
        (.selectPageUp, [Key(.pageUp, .shift)]), (.selectPageDown, [Key(.pageDown, .shift)]),
        (.selectTextStart, [Key(.home, [.control, .shift])]),
        (.selectTextEnd, [Key(.end, [.control, .shift])]),
        // Esc is everywhere's own and drops the selection among other things.
        (.selectAll, []), (.dropSelection, []),
        (.newline, [.control("j"), Key(.enter, .alt), Key(.enter, .shift)]),
        (.deleteBack, [Key(.backspace)]), (.deleteForward, [Key(.delete)]),
        (.deleteWordBack, [Key(.backspace, .alt), Key(.backspace, .control)]),
        (.deleteWordForward, [Key(.delete, .control)]),
        (.killLineStart, [.control("u")]), (.killLineEnd, [.control("k")]),
        (.killWordBack, [.control("w")]), (.killWordForward, [.alt("d")]),
        (.yank, [.control("y")]),
        (.undo, [.control("_"), .alt("u")]), (.redo, [.alt("e")]),
        (.findNext, [.control("g")]), (.findPrevious, []),
    ]

    /// The keys of a field of one line: without those for lines and for finding.
    package static let fieldKeys: [(EditorAction, [Key])] = inputKeys.filter { action, _ in
        switch action {
        case .up, .down, .pageUp, .pageDown, .selectUp, .selectDown, .selectPageUp,
            .selectPageDown, .newline, .findNext, .findPrevious:
            false
        default: true
        }
    }
}

extension TextEditor {
    /// Does what a key stands for.
    ///
    /// Up on the first and down on the last line change nothing, so that the caller can go on to what
    /// lies there, such as the history of an input.
    ///
    /// - Parameters:
    ///   - width: Cells of a line of ``textRect(in:options:)``, which says where lines break.
    ///   - height: Its lines: what a page is.
    /// - Returns: Whether the text, the cursor or the selection changed.
    package mutating func perform(_ action: EditorAction, width: Int, height: Int) -> Bool {
        let isChanged = change(action, width: width, height: height)
        isFollowing = true
        keepView(width: width, height: height)
        return isChanged
    }

    private mutating func change(_ action: EditorAction, width: Int, height: Int) -> Bool {
        if let (move, isExtending) = action.move {
            return self.move(move, isExtending: isExtending, width: width, height: height)
        }
        switch action {
        case .selectAll: return selectAll()
        case .dropSelection: return dropSelection()
        case .newline: return insertNewline()
        case .deleteBack: return deleteBack()
        case .deleteForward: return deleteForward()
        case .deleteWordBack: return deleteWordBack()
        case .deleteWordForward: return deleteWordForward()
        case .killLineStart: return killLineStart()
        case .killLineEnd: return killLineEnd()
        case .killWordBack: return killWordBack()
        case .killWordForward: return killWordForward()
        case .yank: return yank()
        case .undo: return undo()
        case .redo: return redo()
        case .findNext: return findNext()
        case .findPrevious: return findPrevious()
        default: return false
        }
    }
}
