extension TextEditor {
    /// Looks for `pattern` and selects the first match from where the cursor was before the search; to
    /// be called with each change of the pattern. An empty one shows no matches.
    ///
    /// - Returns: Whether there is a match.
    @discardableResult
    package mutating func look(for pattern: String) -> Bool {
        let origin = min(find?.origin ?? selection?.lowerBound ?? cursor, byteCount)
        find = EditorFind(pattern, in: text, origin: origin)
        guard let index = find?.index(from: origin) else {
            moveCursor(to: origin)
            return false
        }
        selectMatch(index)
        return true
    }

    /// Goes to the next match, after the last to the first.
    @discardableResult
    package mutating func findNext() -> Bool {
        guard let find, let index = find.index(from: selection?.upperBound ?? cursor) else {
            return false
        }
        selectMatch(index)
        return true
    }

    /// Goes to the match before, from the first to the last.
    @discardableResult
    package mutating func findPrevious() -> Bool {
        guard let find, let index = find.index(before: selection?.lowerBound ?? cursor) else {
            return false
        }
        selectMatch(index)
        return true
    }

    /// Shows no matches any more; the one that is selected stays so.
    ///
    /// - Parameter isCancelled: Goes back to where the search began.
    package mutating func endFind(isCancelled: Bool = false) {
        if isCancelled, let find { moveCursor(to: find.origin) }
        find = nil
    }

    private mutating func selectMatch(_ index: Int) {
        guard let match = find?.matches[index] else { return }
        select(match)
        find?.current = index
    }
}
