internal import Baking
internal import Terminal

extension Workbench {
    /// The text's cells: all but the line below it.
    func promptTextRect(_ rect: Rect) -> Rect {
        rect.height > 1 ? rect.split(bottom: 1).rest : rect
    }

    func drawPrompt(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        let text = promptTextRect(rect)
        prompt.editor.draw(
            into: &surface, rect: text, isFocused: isFocused,
            options: EditorOptions(
                placeholder: "You are \(glyphs.ellipsis) (what the model should be)"))
        guard rect.height > 1 else { return }
        let line = rect.row(rect.height - 1)
        surface.put(promptLine, x: line.x, y: line.y, in: line)
    }

    /// Tokens, saved or not, baked or not.
    private var promptLine: StyledLine {
        var spans: [StyledSpan] = []
        if let tokens = prompt.tokens {
            let mark = tokens.revision == prompt.editor.revision ? "" : "~"
            spans.append(StyledSpan("\(mark)\(tokens.count) tokens", .muted))
        }
        if let find = prompt.editor.find {
            spans.append(StyledSpan("  find \(find.label)", .info))
        }
        if prompt.savedText == nil {
            spans.append(StyledSpan("  ! not a file yet, ^S writes it", .warning))
        } else if prompt.isChanged {
            spans.append(StyledSpan("  ! not saved", .warning))
        } else {
            spans.append(StyledSpan("  \(glyphs.check) saved", .success))
        }
        if prompt.differsFromBaked, let run = prompt.bakedRun {
            spans.append(StyledSpan("  differs from \(safe(run))", .info))
        } else if let run = prompt.bakedRun, prompt.bakedText != nil {
            spans.append(StyledSpan("  as in \(safe(run))", .muted))
        }
        return StyledLine(spans)
    }
}
