/// Makes text that others wrote harmless for a terminal: what could move the cursor, change colours
/// or the order of letters becomes visible instead. It works scalar by scalar, so that no sequence
/// cut in two by streaming gets through and none swallows what follows.
package struct SafeText: Sendable {
    /// Writes `^X` and `<80>` in place of pictures, and every scalar outside ASCII as its number:
    /// for terminals that do not read UTF-8, where a byte of it may be a control code.
    package let isASCII: Bool
    private var column = 0
    private var markCount = 0
    private var isAfterCarriageReturn = false

    package init(isASCII: Bool = false) { self.isASCII = isASCII }

    /// What `text` shows as. A carriage return at its end is kept until it is known whether a line
    /// feed follows.
    package mutating func append(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars { append(scalar, to: &shown) }
        return shown
    }

    /// What is still kept back.
    package mutating func finish() -> String {
        var shown = ""
        releaseCarriageReturn(to: &shown)
        return shown
    }

    private mutating func append(_ scalar: Unicode.Scalar, to shown: inout String) {
        if isAfterCarriageReturn {
            isAfterCarriageReturn = false
            if scalar != "\n" { show(control: 0x0D, in: &shown) }
        }
        switch scalar.value {
        case 0x0A, 0x85, 0x2028, 0x2029:
            shown.unicodeScalars.append("\n")
            column = 0
            markCount = 0
        case 0x0D: isAfterCarriageReturn = true
        case 0x09: show(String(repeating: " ", count: 4 - column % 4), in: &shown)
        case 0x00..<0x20, 0x7F: show(control: scalar.value, in: &shown)
        case 0x80..<0xA0: show(number: scalar.value, in: &shown)
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
            show(number: scalar.value, in: &shown)
        // Joiners, selectors and skin tones are where terminals and the C library disagree on width.
        case 0x00AD, 0x200B...0x200D, 0x2060, 0xFEFF, 0xFE00...0xFE0F, 0xE0100...0xE01EF,
            0x1F3FB...0x1F3FF:
            break
        case 0xE0000...0xE007F: show(isASCII ? "<tag>" : "⟨tag⟩", in: &shown)
        // Whatever else would take part without being seen.
        default:
            // Looking properties up takes long, and the lowest that matters was handled above.
            if scalar.value > 0xFF, scalar.properties.isDefaultIgnorableCodePoint {
                show(number: scalar.value, in: &shown)
            } else {
                show(scalar, in: &shown)
            }
        }
    }

    private mutating func show(_ scalar: Unicode.Scalar, in shown: inout String) {
        if isASCII && !scalar.isASCII {
            show(number: scalar.value, in: &shown)
            return
        }
        let cells = scalar.cellCount
        if cells == 0 {
            markCount += 1
            // A cell holds a base and at most four marks.
            if markCount > 4 { return }
        } else {
            markCount = 0
        }
        shown.unicodeScalars.append(scalar)
        column += cells
    }

    private mutating func show(_ text: String, in shown: inout String) {
        shown += text
        column += text.cellCount
        markCount = 0
    }

    /// A control picture, or caret notation.
    private mutating func show(control value: UInt32, in shown: inout String) {
        let number = isASCII ? value ^ 0x40 : value == 0x7F ? 0x2421 : 0x2400 + value
        guard let picture = Unicode.Scalar(number) else { return }
        show(isASCII ? "^\(picture)" : String(picture), in: &shown)
    }

    private mutating func show(number value: UInt32, in shown: inout String) {
        let digits = String(value, radix: 16, uppercase: true)
        show(isASCII ? "<\(digits)>" : "⟨\(digits)⟩", in: &shown)
    }

    private mutating func releaseCarriageReturn(to shown: inout String) {
        if isAfterCarriageReturn { show(control: 0x0D, in: &shown) }
        isAfterCarriageReturn = false
    }
}

extension String {
    /// The text as it may be written to a terminal; its only control characters are line feeds.
    package func terminalSafe(isASCII: Bool = false) -> String {
        // Most text, in every frame.
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A }) { return self }
        var safe = SafeText(isASCII: isASCII)
        return safe.append(self) + safe.finish()
    }

    /// The same on one line.
    package func terminalSafeLine(isASCII: Bool = false) -> String {
        let safe = terminalSafe(isASCII: isASCII)
        guard safe.utf8.contains(0x0A) else { return safe }
        return safe.replacing("\n", with: isASCII ? "^J" : "␊")
    }
}
