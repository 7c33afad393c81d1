/// Text of a server made fit to be shown.
enum OpenAIText {
    /// Most characters of a message that is shown.
    static let longestMessage = 300

    /// `text` as one line of at most `limit` characters: what could move the cursor, change the
    /// direction of writing or break the line becomes a space.
    static func line(_ text: String, limit: Int = longestMessage) -> String {
        var line = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in text.unicodeScalars {
            if line.count >= limit {
                line.append("…")
                break
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator,
                .privateUse, .unassigned, .surrogate:
                isSpaceDue = !line.isEmpty
            default:
                if isSpaceDue { line.append(" ") }
                isSpaceDue = false
                line.append(scalar)
            }
        }
        return String(line)
    }
}
