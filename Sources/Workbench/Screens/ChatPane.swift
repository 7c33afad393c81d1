internal import Baking
internal import Terminal

extension Workbench {
    /// Cells before the message's text.
    static let inputMargin = 2

    /// "baked, step 64, strength 1.0"
    var chatTitle: String {
        let who =
            chat.isComparing
            ? "compare" : chat.arm.rawValue + (chat.arm.hasAdapter ? bakedName : "")
        return who + (chat.strength == 1 ? "" : ", strength \(Figures.tenths(chat.strength))")
    }

    private var bakedName: String {
        if job?.kind == .bake, bake.history.step > 0 { return ", the bake's newest weights" }
        return bake.run.map { " \(safe($0))" } ?? ""
    }

    // MARK: Parts

    /// Rows of the message, at most a third of the pane.
    func inputHeight(_ rect: Rect) -> Int {
        let width = max(1, rect.width - Workbench.inputMargin)
        let lines = chat.input.height(width: width)
        return max(1, min(lines, max(1, rect.height / 3)))
    }

    /// The parts of the pane: dials, transcript, message.
    private func chatParts(_ rect: Rect) -> (head: Rect, transcript: Rect, input: Rect) {
        let (upper, input) = rect.split(bottom: inputHeight(rect) + 1)
        let (head, transcript) = upper.split(top: rect.height >= 8 ? 1 : 0)
        return (head, transcript, input)
    }

    func drawChat(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        let parts = chatParts(rect)
        drawDials(parts.head, &surface)
        drawTranscript(parts.transcript, isFocused: isFocused && chat.isInTranscript, &surface)
        drawInput(parts.input, isFocused: isFocused && !chat.isInTranscript, &surface)
    }

    private func drawDials(_ rect: Rect, _ surface: inout Surface) {
        guard !rect.isEmpty else { return }
        let range = ChatState.strengthRange
        let cells = 11
        let place = Int(
            ((chat.strength - range.lowerBound) / (range.upperBound - range.lowerBound)
                * Double(cells - 1)).rounded())
        let dial = (0..<cells).map { cell -> String in
            if cell == place { return glyphs.isASCII ? "O" : "●" }
            // 0 and 1 are the marks.
            return cell == (cells - 1) / 4 || cell == (cells - 1) * 3 / 4
                ? (glyphs.isASCII ? "+" : "┼") : glyphs.horizontal
        }.joined()
        let line = StyledLine([
            StyledSpan("strength ", .muted), StyledSpan(dial, .chatBaked),
            StyledSpan(" \(Figures.tenths(chat.strength))", .text),
            StyledSpan("  temperature ", .muted),
            StyledSpan(Figures.tenths(chat.temperature), .text),
        ])
        surface.put(line, x: rect.x, y: rect.y, in: rect)
    }

    private func drawInput(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        guard rect.height > 1 else { return }
        let line = rect.row(0)
        surface.fill(line, Look(.border), with: glyphs.horizontal)
        if hiddenLineCount > 0 {
            let note = " \(glyphs.down) \(hiddenLineCount) new lines "
            surface.put(
                note, x: max(line.x, line.maxX - note.cellCount - 1), y: line.y, Look(.info),
                in: line)
        }
        let text = rect.inset(left: Workbench.inputMargin, top: 1)
        surface.put(
            glyphs.isASCII ? ">" : "›", x: rect.x, y: text.y, Look(isFocused ? .key : .muted),
            in: rect)
        chat.input.draw(
            into: &surface, rect: text, isFocused: isFocused,
            options: EditorOptions(placeholder: inputPlaceholder))
    }

    private var inputPlaceholder: String {
        if chat.isAnswering { return "an answer is coming; ^C stops it" }
        if chat.isComparing { return "ask all of them" }
        return chat.isBaked
            ? "say something to the baked model"
            : "say something to the prompted model (nothing is baked yet)"
    }

    // MARK: The transcript

    /// Arms that there is room for beside each other.
    private func columnCount(_ width: Int, arms: Int) -> Int {
        guard arms > 1, width >= 56 else { return 1 }
        return min(arms, width >= 140 ? 4 : width >= 84 ? 3 : 2)
    }

    /// Every line of the transcript, and where each turn begins.
    private func transcript(width: Int) -> (lines: [StyledLine], starts: [Int]) {
        var lines: [StyledLine] = []
        var starts: [Int] = []
        guard width > 0 else { return ([], []) }
        for (index, turn) in chat.turns.enumerated() {
            starts.append(lines.count)
            lines += drawnLines(turn, index, width: width) ?? turnLines(turn, index, width: width)
        }
        return (lines, starts)
    }

    /// The lines of a turn if they were kept and nothing changed since.
    private func drawnLines(
        _ turn: Transcript.Turn, _ index: Int, width: Int
    ) -> [StyledLine]? {
        guard chat.drawnTurns.indices.contains(index) else { return nil }
        let drawn = chat.drawnTurns[index]
        let isSame =
            drawn.width == width && drawn.isSelected == (chat.selectedTurn == index)
            && drawn.turn == turn
        return isSame ? drawn.lines : nil
    }

    /// Keeps the lines of all turns that are complete: laying a long chat out takes longer than a
    /// frame may.
    mutating func keepDrawnTurns() {
        let width = transcriptRect.width
        guard width > 0 else { return }
        let turns = chat.isAnswering ? chat.turns.dropLast() : chat.turns[...]
        if chat.drawnTurns.count > turns.count {
            chat.drawnTurns.removeLast(chat.drawnTurns.count - turns.count)
        }
        for (index, turn) in turns.enumerated()
        where drawnLines(turn, index, width: width) == nil {
            let drawn = ChatState.DrawnTurn(
                turn: turn, width: width, isSelected: chat.selectedTurn == index,
                lines: turnLines(turn, index, width: width))
            if index < chat.drawnTurns.count {
                chat.drawnTurns[index] = drawn
            } else {
                chat.drawnTurns.append(drawn)
            }
        }
    }

    private func turnLines(_ turn: Transcript.Turn, _ index: Int, width: Int) -> [StyledLine] {
        let isSelected = chat.selectedTurn == index
        let mark = isSelected ? glyphs.pointer : glyphs.isASCII ? ">" : "›"
        let message = turn.message.terminalSafe(isASCII: glyphs.isASCII)
            .wrapped(to: max(1, width - 2))
        var lines = message.enumerated().map { row, line in
            StyledLine([
                StyledSpan(row == 0 ? "\(mark) " : "  ", isSelected ? .key : .chatUser),
                StyledSpan(line, .chatUser),
            ])
        }
        if turn.replies.count > 1 {
            lines += comparedLines(turn, index, width: width)
        } else if let reply = turn.replies.first {
            lines += replyLines(reply, turn: index, width: width)
        }
        return lines + [StyledLine()]
    }

    /// One arm's reply with markdown.
    private func replyLines(_ reply: Transcript.Reply, turn: Int, width: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        if !reply.text.isEmpty {
            lines += Markdown.lines(
                reply.text, width: width, look: role(of: reply.arm), isASCII: glyphs.isASCII)
        }
        lines.append(
            StyledLine(
                label(of: reply) + note(on: reply, turn: turn), noteRole(of: reply, turn: turn)))
        return lines
    }

    func role(of arm: Arm) -> Role {
        switch arm {
        case .base: .chatBase
        case .prompted: .chatPrompted
        case .baked, .bakedPrompt: .chatBaked
        }
    }

    /// "baked, step 64"
    private func label(of reply: Transcript.Reply) -> String {
        var text = reply.arm.rawValue
        guard reply.arm.hasAdapter else { return text }
        if let step = reply.step { text += ", step \(step)" }
        if let strength = reply.strength, strength != 1 {
            text += ", strength \(Figures.tenths(strength))"
        }
        return text
    }

    private func note(on reply: Transcript.Reply, turn: Int) -> String {
        if let failure = reply.failure { return "  \(glyphs.cross) \(safe(failure))" }
        switch reply.stop {
        case .end: return ""
        case .length: return "  ! cut at the token limit"
        case nil: return chat.isOpen(reply, turn: turn) ? " \(glyphs.ellipsis)" : "  ! stopped"
        }
    }

    private func noteRole(of reply: Transcript.Reply, turn: Int) -> Role {
        if reply.failure != nil { return .error }
        return reply.stop == .end || chat.isOpen(reply, turn: turn) ? .chatMeta : .warning
    }

    /// Several arms' replies: beside each other, or one below the other where it is narrow. Words
    /// that the prompted model did not say are marked.
    private func comparedLines(_ turn: Transcript.Turn, _ index: Int, width: Int) -> [StyledLine] {
        let reference = turn[.prompted]
        let columns = columnCount(width, arms: turn.replies.count)
        let columnWidth = (width - (columns - 1) * 3) / columns
        let blocks = turn.replies.map { reply in
            let note = note(on: reply, turn: index).trimmed
            return [StyledLine(label(of: reply), .title)]
                + comparedText(reply, to: reference, width: max(1, columnWidth))
                + (note.isEmpty ? [] : [StyledLine(note, noteRole(of: reply, turn: index))])
        }
        if columns == 1 { return blocks.flatMap { $0 } }
        var lines: [StyledLine] = []
        for start in stride(from: 0, to: blocks.count, by: columns) {
            let group = blocks[start..<min(start + columns, blocks.count)]
            if start > 0 { lines.append(StyledLine()) }
            for row in 0..<(group.map(\.count).max() ?? 0) {
                var spans: [StyledSpan] = []
                for (column, block) in group.enumerated() {
                    if column > 0 { spans.append(StyledSpan(" \(glyphs.vertical) ", .border)) }
                    let line = row < block.count ? block[row] : StyledLine()
                    spans += line.spans
                    let rest = columnWidth - line.cellCount
                    if rest > 0 {
                        spans.append(StyledSpan(String(repeating: " ", count: rest), .text))
                    }
                }
                lines.append(StyledLine(spans))
            }
        }
        return lines
    }

    private func comparedText(
        _ reply: Transcript.Reply, to reference: Transcript.Reply?, width: Int
    ) -> [StyledLine] {
        let text = reply.text.terminalSafe(isASCII: glyphs.isASCII)
        guard !text.isEmpty else { return [] }
        let base = role(of: reply.arm)
        guard let reference, reference.arm != reply.arm, !reference.text.isEmpty,
            reply.stop != nil
        else { return text.wrapped(to: width).map { StyledLine($0, base) } }
        let other = reference.text.terminalSafe(isASCII: glyphs.isASCII)
        let marked = WordDifference.marked(
            other.wrapped(to: width).map { StyledLine($0, base) },
            text.wrapped(to: width).map { StyledLine($0, base) })
        // Never by colour alone.
        return marked.right.map { line in
            StyledLine(
                line.spans.map { span in
                    guard span.look.role == .diffOnly else { return span }
                    return StyledSpan(span.text, Look(.diffOnly, attributes: .underline))
                })
        }
    }

    // MARK: Scrolling

    private var transcriptRect: Rect { chatParts(inside(of: .chat)).transcript }

    private func drawTranscript(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        guard !rect.isEmpty else { return }
        if chat.turns.isEmpty {
            drawParagraph(chatGuide, .muted, rect, &surface)
            return
        }
        let lines = transcript(width: rect.width).lines
        let top = firstLine(count: lines.count, height: rect.height)
        for (offset, line) in lines.dropFirst(top).prefix(rect.height).enumerated() {
            surface.put(line, x: rect.x, y: rect.y + offset, in: rect)
        }
        if isFocused {
            // Where the keys are, without colour too.
            surface.put(glyphs.pointer, x: rect.maxX - 1, y: rect.y, Look(.key), in: rect)
        }
    }

    private var chatGuide: String {
        if chat.isBaked { return "The persona is in the weights. Say hello." }
        if job?.kind == .bake {
            return
                "The bake is running. Write now: the newest weights answer, and say which step they are."
        }
        return "The model answers with the prompt here until something is baked. F5 bakes."
    }

    private func firstLine(count: Int, height: Int) -> Int {
        let last = max(0, count - height)
        return min(chat.top ?? last, last)
    }

    /// Lines that came below the frozen view.
    private var hiddenLineCount: Int {
        guard let top = chat.top else { return 0 }
        let rect = transcriptRect
        return max(0, transcript(width: rect.width).lines.count - top - rect.height)
    }

    mutating func scrollTranscript(by lines: Int) {
        let rect = transcriptRect
        let count = transcript(width: rect.width).lines.count
        let last = max(0, count - rect.height)
        let top = max(0, (chat.top ?? last) + lines)
        // At the end the view follows again.
        chat.top = top >= last ? nil : top
    }

    mutating func moveTranscript(_ change: (inout ListScroll, Int, Int) -> Void) {
        let rect = transcriptRect
        let count = transcript(width: rect.width).lines.count
        let last = max(0, count - rect.height)
        var list = ListScroll(selected: chat.top ?? last)
        change(&list, last + 1, max(1, rect.height))
        chat.top = list.selected >= last ? nil : max(0, list.selected)
    }

    mutating func showSelectedTurn() {
        guard let index = chat.selectedTurn else { return }
        let rect = transcriptRect
        let (lines, starts) = transcript(width: rect.width)
        guard starts.indices.contains(index) else { return }
        chat.top = min(starts[index], max(0, lines.count - rect.height))
    }

    /// - Returns: Whether a turn has the text.
    mutating func searchTranscript(_ text: String, direction: Int) -> Bool {
        let wanted = text.lowercased()
        let count = chat.turns.count
        guard count > 0 else { return false }
        let start = chat.selectedTurn ?? (direction > 0 ? -1 : count)
        for offset in 1...count {
            let index = ((start + direction * offset) % count + count) % count
            let turn = chat.turns[index]
            let texts = [turn.message] + turn.replies.map(\.text)
            if texts.contains(where: { $0.lowercased().contains(wanted) }) {
                chat.selectedTurn = index
                showSelectedTurn()
                return true
            }
        }
        return false
    }
}
