import Foundation
import Terminal
import Testing

/// Compares what is drawn with a text that is kept in `Snapshots`: the rows, and below them a second
/// grid with one letter per role. `UPDATE_SNAPSHOTS=1` writes it anew.
func expectSnapshot(
    _ surface: Surface, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Snapshots/\(name).txt")
    let text = surface.lines.joined(separator: "\n") + "\n\n" + roles(of: surface) + "\n"
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] != nil {
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    #expect(text == kept, "\(name) looks otherwise:\n\(text)", sourceLocation: sourceLocation)
}

/// One letter per cell: the role's own, in capitals where it lies on something.
private func roles(of surface: Surface) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789!$%&/()=+*#<>[]{}~@?-_:;,.|")
    let all = Role.allCases
    return (0..<surface.size.rows).map { y in
        String(
            (0..<surface.size.columns).map { x in
                let cell = surface[x, y]
                let place = all.firstIndex(of: cell.look.on ?? cell.look.role) ?? 0
                return cell.text == " " && cell.look.on == nil
                    ? " " : letters[place % letters.count]
            })
    }.map { row in row.lastIndex { $0 != " " }.map { String(row[...$0]) } ?? "" }
        .joined(separator: "\n")
}
