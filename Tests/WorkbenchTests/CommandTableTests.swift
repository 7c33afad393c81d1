import Terminal
import Testing

@testable import Workbench

@Test func `every command has one row in the table, with a title`() {
    let names = CommandTable.commands.map(\.name)
    #expect(Set(names).count == names.count)
    let all = Set(CommandName.allCases.map(\.rawValue) + EditorAction.allCases.map(\.rawValue))
    #expect(Set(names) == all)
    #expect(CommandTable.commands.allSatisfy { !$0.title.isEmpty })
    #expect(CommandTable.commands.allSatisfy { CommandTable.titles[$0.scope] != nil })
}

@Test func `every command can be reached without function keys, Alt or the mouse`() {
    for command in CommandTable.commands where command.scope == Scope.text {
        // The palette has all others.
        let plain = command.keys.filter { key in
            if case .function = key.code { return false }
            return !key.modifiers.contains(.alt)
        }
        let hasOther = command.keys.isEmpty || !plain.isEmpty
        let isExtra =
            ["editor.redo", "editor.wordLeft", "editor.wordRight"].contains(command.name)
            || command.name.hasPrefix("editor.kill") || command.name.hasPrefix("editor.delete")
        #expect(hasOther || isExtra, "\(command.name)")
    }
}

@Test func `the palette has every command of the panes`() {
    var workbench = TestWorkbench()
    workbench.press("ctrl-p")
    guard case .picker(let picker) = workbench.state.overlays.last else {
        Issue.record("no palette")
        return
    }
    let wanted = Set(CommandName.allCases.map(\.rawValue))
    #expect(Set(picker.items.map(\.value)) == wanted)
}

@Test(arguments: Pane.allCases)
func `the bottom line names keys of the focused pane and never wraps`(pane: Pane) {
    for columns in [40, 60, 80, 120, 200] {
        var workbench = TestWorkbench(columns: columns, rows: 30)
        workbench.state.go(to: pane)
        let line = workbench.screen.lines[29]
        #expect(line.cellCount <= columns)
        if columns >= 80 {
            let hints = workbench.state.keyMap.hints(scopes: workbench.state.scopes)
            #expect(hints.prefix(4).allSatisfy { line.contains("\($0.key) \($0.title)") })
        }
    }
}

@Test(arguments: Pane.allCases)
func `help lists every key of the pane and the global ones`(pane: Pane) {
    var workbench = TestWorkbench(columns: 120, rows: 200)
    workbench.state.go(to: pane)
    let scopes = workbench.state.scopes
    workbench.press("f1")
    let text = workbench.screen.lines.joined(separator: "\n")
    for command in CommandTable.commands where scopes.contains(command.scope) {
        #expect(text.contains(command.title), "\(command.name)")
    }
}
