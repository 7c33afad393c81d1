import Transformer

/// What texts cost a model in tokens.
package enum TokenCount {
    /// Tokens of `text` by itself, without anything a template puts around it.
    package static func tokens(in text: String, for backend: any Backend) -> Int {
        backend.tokenizer.encode(text, special: .text, addSpecial: false).count
    }

    /// Tokens the teacher reads before each reply that the student does not: the prompt and what the
    /// template puts around it.
    ///
    /// - Parameter prompt: Its text as it is now; may be empty.
    package static func tokens(
        added prompt: String, to studentContext: StudentContext = .none, for backend: any Backend
    ) throws -> Int {
        let student: SystemText =
            switch studentContext {
            case .none: .none
            case .empty: .text("")
            case .default: .templateDefault
            }
        // Whatever is said is the same on both sides.
        let counts = try [SystemText.text(prompt), student].map { system in
            try backend.template.context(
                system: system, turns: [ChatMessage(.user, "a")], thinking: false,
                using: backend.tokenizer
            ).count
        }
        return counts[0] - counts[1]
    }
}
