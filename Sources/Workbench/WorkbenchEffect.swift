package import Baking
internal import Terminal

/// Something the workbench wants done; what comes of it returns as ``WorkbenchEvent``.
package enum WorkbenchEffect: Hashable, Sendable {
    case loadPrompt(path: String)
    case savePrompt(path: String, text: String, revision: Int)
    case saveDraft(path: String, text: String?)
    case countTokens(text: String, revision: Int)
    case listPromptFiles

    /// Does a job of the prompt's text as it is now.
    case start(JobKind, JobRequest)
    case pause(Bool)
    case stop(afterCheckpoint: Bool)

    case ask(Question)
    /// Keeps what was said.
    case record([Transcript.Change])
    case cancelReply(id: Int)

    case listRuns
    case openRun(String)
    case openForOverlay(String)
    case renameRun(String, to: String)
    case deleteRun(String)
    case refreshRows

    /// Makes a run whose rows may be changed from one that is trained, and opens it.
    case copyRows(of: String)
    case strikeRow(id: String)
    case restoreRow(id: String)
    case editRow(id: String, response: String)

    case set(setting: String, to: String)
    case unset(setting: String)
    case writeSettings
    case listModels
    case useTheme(String)

    case copy(String)
    case edit(EditTarget, text: String)
    case save(SavedState)
    case suspend
    case redraw
    case quit(code: Int32)
}

/// What a job works on.
package struct JobRequest: Hashable, Sendable {
    package var promptPath: String
    package var promptText: String
    /// Continues this run with its own prompt and settings.
    package var run: String?
    package var forceNew: Bool

    package init(promptPath: String, promptText: String, run: String? = nil, forceNew: Bool = false)
    {
        self.promptPath = promptPath
        self.promptText = promptText
        self.run = run
        self.forceNew = forceNew
    }
}

/// A message to one or several arms.
package struct Question: Hashable, Sendable {
    /// Names the reply's events.
    package var id: Int
    package var message: String
    package var arms: [Arm]
    /// What was said before.
    package var transcript: Transcript
    package var strength: Double
    package var temperature: Double
    package var seed: UInt64
    /// Whose weights answer; nil is the newest run that has some. A bake that is running answers
    /// itself.
    package var run: String?
    /// What the arms with the prompt read.
    package var prompt: String

    package init(
        id: Int, message: String, arms: [Arm], transcript: Transcript = Transcript(),
        strength: Double, temperature: Double, seed: UInt64, run: String?, prompt: String
    ) {
        self.id = id
        self.message = message
        self.arms = arms
        self.transcript = transcript
        self.strength = strength
        self.temperature = temperature
        self.seed = seed
        self.run = run
        self.prompt = prompt
    }
}
