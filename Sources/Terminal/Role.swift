/// What a piece of text is; a theme says how that looks.
package enum Role: String, Hashable, Sendable, CaseIterable {
    case text, muted, title, border
    case borderFocused = "border.focused"
    case selection, cursor, match, key, status
    case statusKey = "status.key"
    case overlay

    case error, warning, success, info, busy, progress
    case progressRest = "progress.rest"

    case editorNumber = "editor.number"
    case editorLine = "editor.line"
    case editorSelection = "editor.selection"
    case editorPlaceholder = "editor.placeholder"

    case chartAxis = "chart.axis"
    case chartGuide = "chart.guide"
    case chartRaw = "chart.raw"
    case chartStudent = "chart.student"
    case chartBase = "chart.base"
    case chartTarget = "chart.target"
    case chartMark = "chart.mark"
    case chartCursor = "chart.cursor"
    case chartRun1 = "chart.run1"
    case chartRun2 = "chart.run2"
    case chartRun3 = "chart.run3"
    case chartRun4 = "chart.run4"
    case chartRun5 = "chart.run5"
    case chartRun6 = "chart.run6"

    case chatUser = "chat.user"
    case chatPrompted = "chat.prompted"
    case chatBaked = "chat.baked"
    case chatBase = "chat.base"
    case chatThinking = "chat.thinking"
    case chatMeta = "chat.meta"

    case markdownHeading = "md.heading"
    case markdownStrong = "md.strong"
    case markdownEmphasis = "md.emphasis"
    case markdownCode = "md.code"
    case markdownQuote = "md.quote"
    case markdownLink = "md.link"
    case markdownList = "md.list"

    case diffSame = "diff.same"
    case diffOnly = "diff.only"
    case heatLow = "heat.low"
    case heatMiddle = "heat.middle"
    case heatHigh = "heat.high"

    /// The names that may stand in a theme: the roles and what they fall back to.
    static let names = Set(
        allCases.map(\.rawValue) + ["editor", "chart", "chat", "md", "diff", "heat"])

    /// The role's own name and what it falls back to, the nearest first: chart.raw, chart, text.
    var fallbacks: [String] {
        var names = [rawValue]
        if let dot = rawValue.firstIndex(of: ".") { names.append(String(rawValue[..<dot])) }
        return names.contains("text") ? names : names + ["text"]
    }
}
