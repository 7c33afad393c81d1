/// How text looks.
package struct Style: Hashable, Sendable {
    package struct Attributes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let bold = Attributes(rawValue: 1)
        package static let dim = Attributes(rawValue: 2)
        package static let italic = Attributes(rawValue: 4)
        package static let underline = Attributes(rawValue: 8)
        package static let reverse = Attributes(rawValue: 16)
    }

    /// nil is what the surroundings have.
    package var foreground: Colour?
    package var background: Colour?
    package var attributes: Attributes = []

    /// From `[colour] [on colour] [bold|dim|italic|underline|reverse]…`.
    ///
    /// - Throws: What was not understood.
    init(_ text: String, palette: [String: Colour]) throws(StyleError) {
        let words = text.split(separator: " ").map(String.init)
        guard !words.isEmpty else { throw .empty }
        var isBackground = false
        for word in words {
            if let attribute = Self.attributeNames[word], !isBackground {
                attributes.insert(attribute)
            } else if word == "on", !isBackground, background == nil {
                isBackground = true
            } else if let colour = palette[word] ?? Colour(word) {
                if isBackground {
                    background = colour
                    isBackground = false
                } else if foreground == nil, background == nil, attributes.isEmpty {
                    foreground = colour
                } else {
                    throw .unexpected(word)
                }
            } else {
                throw .unexpected(word)
            }
        }
        if isBackground { throw .unexpected("on") }
    }

    package init(
        foreground: Colour? = nil, background: Colour? = nil, attributes: Attributes = []
    ) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    private static let attributeNames: [String: Attributes] = [
        "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline,
        "reverse": .reverse,
    ]
}

/// Why a role's value is no style.
enum StyleError: Error, Equatable {
    case empty
    case unexpected(String)
}
