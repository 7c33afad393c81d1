internal import Terminal

/// The prompt that is being edited.
struct PromptState: Sendable {
    var path = "prompt.md"
    var editor = TextEditor(text: "", isMultiline: true)
    /// As the file has it; nil when there is no file.
    var savedText: String?
    /// Tokens of the text at a revision of the editor.
    var tokens: (count: Int, revision: Int)?
    /// The prompt of the run that is open, and its name.
    var bakedText: String?
    var bakedRun: String?

    /// Whether there is something to save.
    var isChanged: Bool { editor.text != savedText }
    /// Whether the run that is open was baked from another text.
    var differsFromBaked: Bool { bakedText.map { $0 != editor.text } ?? false }

    mutating func open(_ file: PromptFile) {
        path = file.path
        savedText = file.exists ? file.text : nil
        editor = TextEditor(text: file.text, glyphs: editor.glyphs)
        // The saved text is one undo away.
        if let draft = file.draft, draft != file.text { editor.setText(draft) }
    }

    mutating func saved(path: String, revision: Int) {
        guard path == self.path, revision == editor.revision else { return }
        savedText = editor.text
    }
}
