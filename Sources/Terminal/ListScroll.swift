/// Which entry of a list is selected and which stands at the top. Lists and windows of any size are
/// allowed, also empty ones; the list may have changed since the last move.
package struct ListScroll: Hashable, Sendable {
    /// The selected entry, from 0; 0 in an empty list.
    package var selected: Int
    /// The first entry that is shown.
    package private(set) var top: Int

    package init(selected: Int = 0) {
        self.selected = max(0, selected)
        top = 0
    }

    /// Selects the entry so many further down; up when negative. It stops at the ends.
    package mutating func move(by steps: Int, count: Int, height: Int) {
        let sum = min(selected, max(0, count - 1)).addingReportingOverflow(steps)
        // A sum that overflows went beyond the end it was heading for.
        select(
            sum.overflow ? (steps < 0 ? 0 : count) : sum.partialValue, count: count, height: height)
    }

    /// Moves by windows less one line, which stays in sight.
    package mutating func page(by pages: Int, count: Int, height: Int) {
        let lines = pages.multipliedReportingOverflow(by: max(1, height - 1))
        let far = pages < 0 ? -count : count
        move(by: lines.overflow ? far : lines.partialValue, count: count, height: height)
    }

    package mutating func home(count: Int, height: Int) {
        select(0, count: count, height: height)
    }

    package mutating func end(count: Int, height: Int) {
        select(count - 1, count: count, height: height)
    }

    /// Selects an entry, the nearest there is, and shows it.
    package mutating func select(_ index: Int, count: Int, height: Int) {
        selected = max(0, min(index, count - 1))
        top = visible(count: count, height: height).lowerBound
    }

    /// Moves the window, as a wheel does; the selection comes along when it would leave it.
    package mutating func scroll(by lines: Int, count: Int, height: Int) {
        guard count > 0, height > 0 else { return }
        let sum = visible(count: count, height: height).lowerBound.addingReportingOverflow(lines)
        let wanted = sum.overflow ? (lines < 0 ? 0 : count) : sum.partialValue
        top = max(0, min(wanted, count - height))
        selected = max(top, min(selected, top + min(height, count - top) - 1))
    }

    /// The entries to show: the selected one is among them, and no line stays empty that could be
    /// filled. Empty without entries or lines.
    package func visible(count: Int, height: Int) -> Range<Int> {
        guard count > 0, height > 0 else { return 0..<0 }
        let selected = max(0, min(selected, count - 1))
        let largest = max(0, count - height)
        let lowest = max(0, selected - height + 1)
        let first = min(max(min(top, largest), lowest), min(selected, largest))
        return first..<first + min(height, count - first)
    }
}
