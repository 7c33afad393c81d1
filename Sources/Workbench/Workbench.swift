internal import Baking
package import Terminal

/// The state of the workbench. ``handle(_:at:)`` changes it and says what is to be done;
/// ``draw()`` shows it. Neither knows a terminal or a model.
package struct Workbench: Sendable {
    /// What is fixed for as long as the program runs.
    package struct Surroundings: Sendable {
        package var glyphs: Glyphs
        package var chartGlyphs: ChartGlyphs
        package var keyMap: KeyMap
        /// The theme's name as the setting has it.
        package var theme: String

        package init(
            glyphs: Glyphs, chartGlyphs: ChartGlyphs, keyMap: KeyMap, theme: String
        ) {
            self.glyphs = glyphs
            self.chartGlyphs = chartGlyphs
            self.keyMap = keyMap
            self.theme = theme
        }
    }

    let glyphs: Glyphs
    let chartGlyphs: ChartGlyphs
    let keyMap: KeyMap

    package internal(set) var size: Size
    /// Seconds since the start.
    var now = 0.0
    var focus = Pane.prompt
    /// The pane of the left column that is unfolded while the chat has the focus.
    var side = Pane.prompt
    var prompt = PromptState()
    var data = DataState()
    var bake = BakeState()
    var chat = ChatState()
    var runs = RunsState()
    var overlays: [Overlay] = []
    var toasts: [Toast] = []
    /// Everything that was said, oldest first.
    var messages: [Toast] = []
    var settings: [SettingRow] = []
    var model: ModelOverview?
    var themes: [String] = []
    var themeName: String
    /// The work going on.
    var job: Job?
    /// What a service lets the work wait for.
    var waiting: String?
    /// The exit code once the work has ended.
    var quitCode: Int32?
    var lastCancel: Double?
    /// When a key was last pressed.
    var lastKey = -Double.infinity
    var isFocused = true
    /// As it was last written.
    var saved = SavedState()
    var isRestored = false
    /// Numbers the questions.
    var questionCount = 0
    var drag: Drag?

    /// Work going on.
    struct Job: Hashable {
        var kind: JobKind
        var isPaused = false
        var isStopping = false
        /// When it began, in seconds since the start of the program.
        var start: Double
    }

    /// What the mouse holds.
    enum Drag: Hashable {
        case prompt
        case chart(lastX: Int)
    }

    package init(_ surroundings: Surroundings, size: Size) {
        glyphs = surroundings.glyphs
        chartGlyphs = surroundings.chartGlyphs
        keyMap = surroundings.keyMap
        themeName = surroundings.theme
        self.size = size
        prompt.editor.glyphs = glyphs
        chat.input.glyphs = glyphs
    }

    var layout: PaneLayout {
        PaneLayout(size, focus: focus, side: side, isComparing: chat.isComparing)
    }

    /// Whether a reply that somebody waits for is coming in.
    package var isStreaming: Bool { chat.isAnswering }

    /// When time itself changes something next, in seconds since the start; nil when never.
    package var nextDeadline: Double? { toasts.compactMap(\.until).min() }

    // MARK: Saying something

    mutating func say(_ kind: NoticeKind, _ text: String) {
        let safe = text.terminalSafeLine(isASCII: glyphs.isASCII)
        let toast = Toast(
            kind: kind, text: safe, until: kind == .error ? nil : now + Toast.duration, time: now)
        messages.append(toast)
        if messages.count > 500 { messages.removeFirst(messages.count - 500) }
        // What was said last is what matters.
        toasts = toasts.filter { $0.kind == .error && $0.text != safe }.suffix(2) + [toast]
    }

    /// A safe line of what others wrote.
    ///
    /// - Parameter cells: What there is room for at most: a megabyte is not looked through for a line.
    func safe(_ text: String, cells: Int = 1000) -> String {
        let part = text.unicodeScalars.prefix(cells * 8)
        return String(part).terminalSafeLine(isASCII: glyphs.isASCII)
    }

    // MARK: What is kept

    var state: SavedState {
        var state = SavedState()
        state.message = chat.input.text
        state.sent = Array(chat.history.entries.suffix(200))
        state.watched = bake.watchedQuery
        state.strength = chat.strength
        state.temperature = chat.temperature
        state.isComparing = chat.isComparing
        state.isWelcomed = saved.isWelcomed
        return state
    }
}
