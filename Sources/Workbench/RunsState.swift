internal import Baking
internal import Terminal

/// The list of runs.
struct RunsState: Sendable {
    private(set) var rows: [RunRow] = []
    var list = ListScroll()
    /// Marked for overlay and comparison.
    var marked: Set<String> = []
    private(set) var isListed = false
    var search = ""

    mutating func take(_ new: [RunRow]) {
        let name = selected?.summary.run
        rows = new
        isListed = true
        marked.formIntersection(new.map(\.summary.run))
        if let place = rows.firstIndex(where: { $0.summary.run == name }) { list.selected = place }
        list.selected = max(0, min(list.selected, rows.count - 1))
    }

    var selected: RunRow? { rows.indices.contains(list.selected) ? rows[list.selected] : nil }

    func match(direction: Int) -> Int? {
        guard !search.isEmpty, !rows.isEmpty else { return nil }
        return (1...rows.count).lazy
            .map { (list.selected + direction * $0 + rows.count * 2) % rows.count }
            .first { rows[$0].summary.run.lowercased().contains(search.lowercased()) }
    }
}
