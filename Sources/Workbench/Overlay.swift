internal import Baking
internal import Terminal

/// Something that lies over the panes and takes the keys.
enum Overlay: Sendable {
    case welcome
    case help(scopes: [String], ListScroll)
    case picker(Picker)
    case settings(SettingsScreen)
    case question(Choice)
    case field(Field)
    case messages(ListScroll)
    case row(id: String, ListScroll)
    case runComparison([OpenRun], ListScroll)
    case report(ListScroll)

    /// Keys that type go into a text.
    var isWriting: Bool {
        switch self {
        case .picker, .field: true
        default: false
        }
    }

    /// Where its keys mean something, before the global ones.
    var scopes: [String] {
        switch self {
        case .welcome: [Scope.overlay]
        case .help, .messages, .runComparison, .report: [Scope.list, Scope.overlay]
        case .picker: [Scope.overlay, Scope.list, Scope.text]
        case .settings: [Scope.settings, Scope.overlay, Scope.list]
        case .question: [Scope.dialog, Scope.overlay, Scope.list]
        case .field: [Scope.overlay, Scope.field, Scope.text]
        case .row: [Scope.data, Scope.list, Scope.overlay]
        }
    }
}

/// A list to choose from by typing a part of a name.
struct Picker: Sendable {
    enum Kind: Hashable, Sendable {
        case commands
        /// With the theme to go back to.
        case themes(before: String)
        case models, prompts, sent
    }

    struct Item: Hashable, Sendable {
        /// Safe.
        var title: String
        /// Safe; at the right.
        var detail: String
        /// What is chosen.
        var value: String
    }

    var kind: Kind
    var title: String
    var items: [Item]
    var filter = TextEditor(text: "", isMultiline: false)
    var list = ListScroll()
    /// Whether what was typed may be chosen although it is not in the list.
    var takesOthers = false

    /// The items that fit the filter, the best first, with the characters that fit.
    var shown: [(item: Item, matches: [Int])] {
        let pattern = filter.text
        if pattern.isEmpty { return items.map { ($0, []) } }
        return FuzzyMatch.ranked(pattern, in: items.map(\.title))
            .map { (items[$0.index], $0.match.positions) }
    }

    var selected: Item? {
        let shown = shown
        return shown.indices.contains(list.selected) ? shown[list.selected].item : nil
    }
}

/// A line, or a text, to be typed.
struct Field: Sendable {
    enum Purpose: Hashable, Sendable {
        case findInPrompt
        case search(Pane)
        case watchedQuery
        case rename(run: String)
        case setting(String)
        case row(id: String)
    }

    var purpose: Purpose
    /// Safe.
    var title: String
    var hint: String
    var editor: TextEditor
}

/// A question with a few answers.
struct Choice: Sendable {
    enum Answer: Hashable, Sendable {
        case stopAfterCheckpointAndQuit, stopNowAndQuit
        case stopAfterCheckpoint, stopNow
        case delete(run: String)
        case revertPrompt
        case stay
    }

    /// Safe.
    var title: String
    var answers: [(key: Character, text: String, answer: Answer)]
    var list = ListScroll()
}

/// The settings and what is known of each.
struct SettingsScreen: Sendable {
    var list = ListScroll()
}
