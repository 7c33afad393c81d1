/// A part of the screen with a purpose.
package enum Pane: Int, Hashable, Sendable, CaseIterable {
    case prompt, data, bake, chat, runs

    package var title: String {
        switch self {
        case .prompt: "Prompt"
        case .data: "Data"
        case .bake: "Bake"
        case .chat: "Chat"
        case .runs: "Runs"
        }
    }

    /// The pane `offset` places further, around the end.
    func next(_ offset: Int) -> Pane {
        let all = Pane.allCases
        return all[((rawValue + offset) % all.count + all.count) % all.count]
    }
}
