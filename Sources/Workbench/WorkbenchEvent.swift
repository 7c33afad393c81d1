package import Baking
package import Terminal

/// Something that happened to the workbench.
package enum WorkbenchEvent: Sendable {
    /// A person or the terminal did something.
    case input(InputEvent)
    /// Time passed and something was due.
    case tick
    /// The process was asked to end.
    case signal(Int32)

    case restored(SavedState)
    case prompt(PromptFile)
    case promptSaved(path: String, revision: Int)
    case promptFiles([PromptChoice])
    /// Tokens of the prompt's text at `revision`.
    case tokenCount(Int, revision: Int)
    case settings([SettingRow])
    case model(ModelOverview)
    case models([String])
    /// Names that came later: what services offer.
    case moreModels([String])
    case themes([String])
    case theme(name: String, Theme)

    case runs([RunRow])
    /// A run was opened: its figures so far.
    case run(OpenRun)
    /// The run's rows, or those that came since.
    case rows([DatasetRow], startingOver: Bool)

    /// Work began: a job of this kind.
    case jobStarted(JobKind)
    case job(BakeEvent)
    case jobPaused(Bool)
    case jobEnded(JobEnd)

    /// An arm says something to the question of this number.
    case reply(id: Int, ComparisonEvent)
    /// No more will come of the question; why, where it failed as a whole.
    case replyEnded(id: Int, failure: String?)
    /// What was said before the program started.
    case transcript(Transcript)
    /// Text came back from another editor.
    case edited(EditTarget, String)
    case notice(NoticeKind, String)
    /// Something a service says while work goes on.
    case service(ServiceNotice)
}

/// How much a notice matters.
package enum NoticeKind: Hashable, Sendable {
    case info, success, warning
    /// Stays until it is dismissed.
    case error
}

/// What is being done.
package enum JobKind: Hashable, Sendable {
    case generate, bake, verify
}

/// How a job ended.
package enum JobEnd: Hashable, Sendable {
    case finished
    /// A person stopped it; it can go on.
    case stopped
    case failed(String)
}

/// A prompt's file as it was read.
package struct PromptFile: Hashable, Sendable {
    /// As the setting has it.
    package var path: String
    package var text: String
    /// Whether there is such a file; otherwise the text is an offer.
    package var exists: Bool
    /// Typed earlier and not saved.
    package var draft: String?

    package init(path: String, text: String, exists: Bool, draft: String? = nil) {
        self.path = path
        self.text = text
        self.exists = exists
        self.draft = draft
    }
}

/// A file that could be the prompt.
package struct PromptChoice: Hashable, Sendable {
    package var path: String
    package var firstLine: String
    /// Whether a run was baked from this very text.
    package var isBaked: Bool

    package init(path: String, firstLine: String, isBaked: Bool) {
        self.path = path
        self.firstLine = firstLine
        self.isBaked = isBaked
    }
}

/// A setting as a person sees it.
package struct SettingRow: Hashable, Sendable {
    package var name: String
    package var value: String
    package var source: String
    package var help: String
    package var expectation: String
    /// What it may be where that is a short list.
    package var choices: [String]
    /// Whether it was changed here.
    package var isChanged: Bool

    package init(
        name: String, value: String, source: String, help: String, expectation: String,
        choices: [String], isChanged: Bool
    ) {
        self.name = name
        self.value = value
        self.source = source
        self.help = help
        self.expectation = expectation
        self.choices = choices
        self.isChanged = isChanged
    }
}

/// What is known of the model in use.
package struct ModelOverview: Hashable, Sendable {
    package var name: String
    /// "5.8 M weights, bf16, avx2, 2 threads"
    package var details: String
    /// What it can and cannot do, for models that say so.
    package var card: String

    package init(name: String, details: String, card: String) {
        self.name = name
        self.details = details
        self.card = card
    }
}

/// A run in the list.
package struct RunRow: Hashable, Sendable {
    package var summary: RunSummary
    /// A short curve of its KL.
    package var curve: [Double]

    package init(summary: RunSummary, curve: [Double]) {
        self.summary = summary
        self.curve = curve
    }
}

/// A run that was opened.
package struct OpenRun: Hashable, Sendable {
    package var name: String
    package var promptText: String
    package var history: RunHistory
    /// Whether it has weights to talk to.
    package var hasCheckpoint: Bool
    /// For overlay and comparison only; the open run stays.
    package var isForOverlay: Bool
    /// Settings as name and value, for comparing.
    package var configuration: [String: String]

    package init(
        name: String, promptText: String, history: RunHistory, hasCheckpoint: Bool,
        isForOverlay: Bool = false, configuration: [String: String] = [:]
    ) {
        self.name = name
        self.promptText = promptText
        self.history = history
        self.hasCheckpoint = hasCheckpoint
        self.isForOverlay = isForOverlay
        self.configuration = configuration
    }
}

/// A text that can be edited outside.
package enum EditTarget: Hashable, Sendable {
    case prompt
    case message
    case row(String)
}
