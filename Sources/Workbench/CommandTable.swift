package import Terminal

/// Where keys mean something; a key map looks through several, the nearest first.
enum Scope {
    static let global = "global"
    static let text = "text"
    static let prompt = "prompt"
    static let data = "data"
    static let bake = "bake"
    static let chart = "chart"
    static let input = "input"
    static let transcript = "transcript"
    static let runs = "runs"
    static let list = "list"
    static let overlay = "overlay"
    static let settings = "settings"
    static let dialog = "dialog"
    static let field = "field"

    static let titles: [String: String] = [
        global: "Everywhere", text: "Text", prompt: "Prompt",
        data: "Data", bake: "Bake", chart: "Chart", input: "Message", transcript: "Transcript",
        runs: "Runs", list: "Lists", overlay: "Overlays", settings: "Settings",
        dialog: "Questions", field: "Fields",
    ]
}

/// The one table from which dispatch, help, palette, hints and key files are made.
package enum CommandTable {
    /// Every command with its default keys.
    package static let commands: [Command] = own + editing

    private static let own: [Command] = [
        row(.nextPane, "Next pane", Scope.global, ["tab", "f6"]),
        row(.previousPane, "Previous pane", Scope.global, ["shift-tab", "shift-f6"]),
        row(.goToPrompt, "Go to the prompt", Scope.global, ["alt-1", "1"]),
        row(.goToData, "Go to the data", Scope.global, ["alt-2", "2"]),
        row(.goToBake, "Go to the bake", Scope.global, ["alt-3", "3"]),
        row(.goToChat, "Go to the chat", Scope.global, ["alt-4", "4"]),
        row(.goToRuns, "Go to the runs", Scope.global, ["alt-5", "5"]),
        row(.palette, "All commands", Scope.global, ["ctrl-p"], at: 90, hint: "commands"),
        row(.help, "Keys of this pane", Scope.global, ["f1", "?"], at: 95, hint: "keys"),
        row(.escape, "Close, or go to the pane's main part", Scope.global, ["esc"]),
        row(.cancel, "Cancel; twice: quit", Scope.global, ["ctrl-c"]),
        row(.quit, "Quit", Scope.global, ["ctrl-q"], at: 99, hint: "quit"),
        row(.suspend, "Suspend to the shell", Scope.global, ["ctrl-z"]),
        row(.redraw, "Redraw the screen", Scope.global, ["ctrl-l"]),
        row(.externalEditor, "Edit in $VISUAL or $EDITOR", Scope.global, ["ctrl-o"]),
        row(.settings, "Settings", Scope.global, ["f2", ","]),
        row(.chooseModel, "Choose the model", Scope.global, []),
        row(.chooseTheme, "Choose the theme", Scope.global, []),
        row(.messages, "Messages so far", Scope.global, []),
        row(.welcome, "How to begin", Scope.global, []),
        row(.copySelection, "Copy the selection", Scope.global, ["alt-c"]),

        row(.savePrompt, "Save the prompt", Scope.prompt, ["ctrl-s"], at: 10, hint: "save"),
        row(
            .openPrompt, "Open another prompt file", Scope.prompt, ["ctrl-t"], at: 30, hint: "open"),
        row(.findInPrompt, "Find in the prompt", Scope.prompt, ["ctrl-f"], at: 40, hint: "find"),
        row(.promptNewline, "New line", Scope.prompt, ["enter"]),
        row(.revertPrompt, "Go back to the saved prompt", Scope.prompt, []),

        row(.generate, "Generate, or stop it", Scope.data, ["s"], at: 10, hint: "generate"),
        row(.openRow, "Open the example", Scope.data, ["enter"], at: 20, hint: "open"),
        row(.strikeRow, "Strike out, or put back", Scope.data, ["x"], at: 30, hint: "strike"),
        row(.editRow, "Edit the response", Scope.data, ["e"], at: 40, hint: "edit"),

        row(.copyRows, "Copy the rows to a new run", Scope.data, ["C"]),

        row(.startBake, "Bake, or go on", Scope.global, ["f5", "b"], at: 5, hint: "bake"),
        row(.newBake, "Bake as a new run", Scope.global, []),
        row(.pauseBake, "Pause, or go on", Scope.bake, ["p"], at: 10, hint: "pause"),
        row(.stopBake, "Stop the bake", Scope.bake, ["S"], at: 20, hint: "stop"),
        row(.verify, "Verify again", Scope.bake, ["v"]),
        row(.report, "The verification in full", Scope.bake, ["enter"], at: 65, hint: "report"),
        row(.watchQuery, "Watch another query", Scope.bake, ["w"], at: 70, hint: "watch"),

        row(.chartLeft, "Cursor left", Scope.chart, ["left"]),
        row(.chartRight, "Cursor right", Scope.chart, ["right"]),
        row(.chartPanLeft, "Pan left", Scope.chart, ["H", "shift-left"]),
        row(.chartPanRight, "Pan right", Scope.chart, ["L", "shift-right"]),
        row(.chartZoomIn, "Zoom in", Scope.chart, ["+", "="], at: 30, hint: "zoom"),
        row(.chartZoomOut, "Zoom out", Scope.chart, ["-"]),
        row(.chartFit, "Show all", Scope.chart, ["0"]),
        row(.chartFollow, "Follow the newest", Scope.chart, ["f", "end"], at: 40, hint: "follow"),
        row(.chartLog, "Logarithmic axis", Scope.chart, ["l"], at: 50, hint: "log"),
        row(.chartSmoothing, "Smoothing", Scope.chart, ["s"], at: 60, hint: "smooth"),
        row(.chartOverlay, "Overlay marked runs", Scope.chart, ["o"]),
        row(.chartNextMark, "Cursor to the next mark", Scope.chart, ["m"]),

        row(.send, "Send", Scope.input, ["enter"], at: 10, hint: "send"),
        row(.transcript, "Go to the transcript", Scope.input, []),
        row(.historyBack, "Earlier message", Scope.input, ["up"]),
        row(.historyForward, "Later message", Scope.input, ["down"]),
        row(.searchHistory, "Search earlier messages", Scope.input, ["ctrl-r"]),
        row(
            .writeMessage, "Write a message", Scope.transcript, ["enter", "i"], at: 10,
            hint: "write"),
        row(.copyReply, "Copy the reply", Scope.transcript, ["y"], at: 40, hint: "copy"),
        row(.copyChat, "Copy the chat", Scope.transcript, ["Y"]),
        row(.retry, "Ask again", Scope.transcript, ["r"], at: 50, hint: "again"),
        row(.compare, "Compare arms, on or off", Scope.transcript, ["c"], at: 20, hint: "compare"),
        row(.nextArm, "Another arm answers", Scope.transcript, ["a"], at: 60, hint: "arm"),
        row(.previousTurn, "Previous turn", Scope.transcript, ["["]),
        row(.nextTurn, "Next turn", Scope.transcript, ["]"]),
        row(.newChat, "New chat", Scope.transcript, ["ctrl-n"]),
        row(.stronger, "Strength up", Scope.transcript, [">", "+"], at: 30, hint: "stronger"),
        row(.weaker, "Strength down", Scope.transcript, ["<", "-"]),
        row(.resetStrength, "Strength 1", Scope.transcript, ["="]),
        row(.hotter, "Temperature up", Scope.transcript, ["T"]),
        row(.colder, "Temperature down", Scope.transcript, ["t"]),

        row(.openRun, "Open the run", Scope.runs, ["enter"], at: 10, hint: "open"),
        row(.continueRun, "Continue the run", Scope.runs, ["c"], at: 20, hint: "continue"),
        row(
            .markRun, "Mark for overlay and comparison", Scope.runs, ["space"], at: 30, hint: "mark"
        ),
        row(.compareRuns, "Compare two runs", Scope.runs, ["="], at: 40, hint: "compare"),
        row(.renameRun, "Rename the run", Scope.runs, ["R"], at: 50, hint: "rename"),
        row(.deleteRun, "Delete the run", Scope.runs, ["d"], at: 60, hint: "delete"),

        row(.up, "Up", Scope.list, ["up", "k"]),
        row(.down, "Down", Scope.list, ["down", "j"]),
        row(.pageUp, "Page up", Scope.list, ["pageup"]),
        row(.pageDown, "Page down", Scope.list, ["pagedown"]),
        row(.first, "To the beginning", Scope.list, ["home", "g"]),
        row(.last, "To the end", Scope.list, ["end", "G"]),
        row(.search, "Search", Scope.list, ["/"], at: 80, hint: "search"),
        row(.searchNext, "Next match", Scope.list, ["n"]),
        row(.searchPrevious, "Previous match", Scope.list, ["N"]),

        row(.choose, "Choose", Scope.overlay, ["enter"], at: 10, hint: "choose"),
        row(
            .resetSetting, "Take the change back", Scope.settings, ["backspace"], at: 30,
            hint: "undo"),
        row(.writeSettings, "Write to oven.yaml", Scope.settings, ["w"], at: 20, hint: "write"),
        row(.confirm, "Yes", Scope.dialog, ["y"], at: 10, hint: "yes"),
    ]

    /// - Parameter order: The command's place in the bottom line; nil keeps it out.
    private static func row(
        _ name: CommandName, _ title: String, _ scope: String, _ keys: [String],
        at order: Int? = nil, hint: String? = nil
    ) -> Command {
        Command(
            name.rawValue, title, scope: scope, keys: keys, hint: hint ?? title.lowercased(),
            hintOrder: order)
    }

    /// What a text that is being written does.
    private static let editing: [Command] = EditorAction.inputKeys.map { action, keys in
        Command(action.rawValue, action.title, scope: Scope.text, keys: keys.map(\.name))
    }

    /// What help calls the scopes.
    package static let titles = Scope.titles
}
