/// Shows the markdown that models write: headings, lists, emphasis, code, quotes and links. Everything
/// else stays as it was written, line by line; so does what is not finished yet.
package enum Markdown {
    /// The lines that `text` shows as. They are safe whatever the text holds.
    ///
    /// - Parameters:
    ///   - width: Cells of a line; less than 1 is taken as 1. A character that is wider than the line
    ///     stands alone.
    ///   - base: What plain text is drawn as.
    package static func lines(
        _ text: String, width: Int, look base: Role = .text, isASCII: Bool = false
    ) -> [StyledLine] {
        var cache = MarkdownCache(look: base, isASCII: isASCII)
        cache.append(text)
        return cache.lines(width: width)
    }
}
