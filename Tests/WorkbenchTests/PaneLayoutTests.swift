import Terminal
import Testing

@testable import Workbench

/// Every size from 1×1 to 250×80 with every focus: where panes lie is a function of sizes alone.
@Test(arguments: Pane.allCases, [false, true])
func `panes lie inside the screen, do not overlap and the focused one is never empty`(
    focus: Pane, isComparing: Bool
) {
    for columns in 1...250 {
        for rows in 1...80 {
            let size = Size(columns: columns, rows: rows)
            for side in [Pane.prompt, .bake, .runs] {
                let layout = PaneLayout(size, focus: focus, side: side, isComparing: isComparing)
                if layout.shape == .tooSmall {
                    #expect(columns < 40 || rows < 10)
                    continue
                }
                let rects = Array(layout.panes.values) + [layout.tabs, layout.status]
                let seen = rects.filter { !$0.isEmpty }
                #expect(seen.allSatisfy { $0.intersection(Rect(size)) == $0 })
                for (index, rect) in seen.enumerated() {
                    #expect(seen[(index + 1)...].allSatisfy { rect.intersection($0).isEmpty })
                }
                let focused = layout.panes[focus]
                let least = layout.hasFrames ? 3 : 1
                #expect((focused?.width ?? 0) > least && (focused?.height ?? 0) >= least)
                #expect(!layout.folded.contains(focus))
                if columns >= 60 || rows >= 16 { #expect(layout.status.height == 1) }
            }
        }
    }
}

@Test func `a wide screen shows every pane at once`() {
    let layout = PaneLayout(Size(columns: 140, rows: 36), focus: .prompt, side: .prompt)
    #expect(layout.shape == .wide)
    #expect(Set(layout.panes.keys) == Set(Pane.allCases))
    #expect(layout.folded.isEmpty)
}

@Test func `comparing gives the chat most of the screen`() throws {
    for size in [Size(columns: 140, rows: 36), Size(columns: 100, rows: 28)] {
        let layout = PaneLayout(size, focus: .chat, side: .bake, isComparing: true)
        let chat = try #require(layout.panes[.chat])
        #expect(chat.width * 10 >= size.columns * 6)
    }
}
