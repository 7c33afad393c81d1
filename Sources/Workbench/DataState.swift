internal import Baking
internal import Terminal

/// The examples of the run that is open.
struct DataState: Sendable {
    var run: String?
    /// By first appearance.
    private(set) var rows: [DatasetRow] = []
    private var places: [String: Int] = [:]
    var list = ListScroll()
    var progress: GenerationProgress?
    var teacher: TeacherProgress?
    var search = ""

    mutating func clear() {
        rows = []
        places = [:]
        list = ListScroll()
        progress = nil
        teacher = nil
    }

    mutating func open(_ run: OpenRun) {
        if self.run != run.name { clear() }
        self.run = run.name
        progress = run.history.generation
        teacher = run.history.teacher
    }

    mutating func take(_ new: [DatasetRow], startingOver: Bool) {
        if startingOver {
            rows = []
            places = [:]
        }
        let isAtEnd = list.selected >= rows.count - 1
        for row in new {
            if let place = places[row.id] {
                rows[place] = row
            } else {
                places[row.id] = rows.count
                rows.append(row)
            }
        }
        // Rows that arrive are followed only by who is at the end.
        if isAtEnd, !startingOver, new.count > 0, rows.count > 1 { list.selected = rows.count - 1 }
        list.selected = max(0, min(list.selected, rows.count - 1))
    }

    var selectedRow: DatasetRow? {
        rows.indices.contains(list.selected) ? rows[list.selected] : nil
    }

    func row(_ id: String) -> DatasetRow? { places[id].map { rows[$0] } }

    /// The place of the next row that has the searched text, from the selected one on.
    func match(direction: Int) -> Int? {
        guard !search.isEmpty, !rows.isEmpty else { return nil }
        let wanted = search.lowercased()
        return (1...rows.count).lazy
            .map { (list.selected + direction * $0 + rows.count * 2) % rows.count }
            .first { index in
                let row = rows[index]
                return row.query.lowercased().contains(wanted)
                    || row.response.lowercased().contains(wanted)
            }
    }

    var keptCount: Int { rows.count { $0.state == .kept } }
}
