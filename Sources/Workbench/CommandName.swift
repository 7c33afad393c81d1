/// Everything that a person can do in the workbench, by the name that a key file uses.
package enum CommandName: String, Hashable, Sendable, CaseIterable {
    case nextPane = "pane.next"
    case previousPane = "pane.previous"
    case goToPrompt = "pane.prompt"
    case goToData = "pane.data"
    case goToBake = "pane.bake"
    case goToChat = "pane.chat"
    case goToRuns = "pane.runs"
    case palette
    case help
    case escape
    case cancel
    case quit
    case suspend
    case redraw
    case externalEditor = "editor.external"
    case settings
    case chooseModel = "model.choose"
    case chooseTheme = "theme.choose"
    case messages
    case welcome
    case copySelection = "copy.selection"

    case savePrompt = "prompt.save"
    case openPrompt = "prompt.open"
    case findInPrompt = "prompt.find"
    case promptNewline = "prompt.newline"
    case revertPrompt = "prompt.revert"

    case generate = "data.generate"
    case openRow = "data.open"
    case strikeRow = "data.strike"
    case editRow = "data.edit"
    case copyRows = "data.copy"

    case startBake = "bake.start"
    case newBake = "bake.new"
    case pauseBake = "bake.pause"
    case stopBake = "bake.stop"
    case verify = "bake.verify"
    case watchQuery = "bake.watch"
    case report = "bake.report"

    case chartLeft = "chart.left"
    case chartRight = "chart.right"
    case chartPanLeft = "chart.panLeft"
    case chartPanRight = "chart.panRight"
    case chartZoomIn = "chart.zoomIn"
    case chartZoomOut = "chart.zoomOut"
    case chartFit = "chart.fit"
    case chartFollow = "chart.follow"
    case chartLog = "chart.log"
    case chartSmoothing = "chart.smoothing"
    case chartOverlay = "chart.overlay"
    case chartNextMark = "chart.nextMark"

    case send = "chat.send"
    case transcript = "chat.transcript"
    case writeMessage = "chat.write"
    case historyBack = "chat.historyBack"
    case historyForward = "chat.historyForward"
    case searchHistory = "chat.searchHistory"
    case copyReply = "chat.copyReply"
    case copyChat = "chat.copyChat"
    case retry = "chat.retry"
    case compare = "chat.compare"
    case nextArm = "chat.arm"
    case previousTurn = "chat.previousTurn"
    case nextTurn = "chat.nextTurn"
    case newChat = "chat.new"
    case stronger = "chat.stronger"
    case weaker = "chat.weaker"
    case resetStrength = "chat.resetStrength"
    case hotter = "chat.hotter"
    case colder = "chat.colder"

    case openRun = "runs.open"
    case renameRun = "runs.rename"
    case deleteRun = "runs.delete"
    case continueRun = "runs.continue"
    case markRun = "runs.mark"
    case compareRuns = "runs.compare"

    case up = "list.up"
    case down = "list.down"
    case pageUp = "list.pageUp"
    case pageDown = "list.pageDown"
    case first = "list.first"
    case last = "list.last"
    case search = "list.search"
    case searchNext = "list.searchNext"
    case searchPrevious = "list.searchPrevious"

    case choose = "overlay.choose"
    case writeSettings = "settings.write"
    case resetSetting = "settings.reset"
    case confirm = "dialog.confirm"
}
