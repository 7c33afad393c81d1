import Terminal

/// A screen in memory, for scripts: it keeps what is shown.
final class ScriptScreen: Screen {
    var size: Size
    private(set) var shown: Surface

    init(size: Size) {
        self.size = size
        shown = Surface(size)
    }

    var inputDescriptor: Int32 { -1 }
    var inputDeadline: ContinuousClock.Instant? { nil }
    var isClosed: Bool { false }

    func readInput() -> [InputEvent] { [] }
    func present(_ surface: Surface, theme: Theme) { shown = surface }
    func redraw() {}
    func suspend() {}
    func runOutside<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
    func copy(_ text: String) -> Bool { true }
    func ring() {}
    func setTitle(_ title: String) {}
    func end() {}
}
