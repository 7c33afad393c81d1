/// Something a person can have done, by a key, from the palette or with the mouse. Help, palette and
/// bottom line are made of these.
package struct Command: Hashable, Sendable {
    /// Unique and stable, as it stands in a key file: `chart.zoomIn`.
    package let name: String
    /// What help and palette call it: "Zoom in".
    package let title: String
    /// Where its keys count: a pane, an overlay or everywhere.
    package let scope: String
    /// Its keys unless the user has others; the first is the one that is shown where there is room for
    /// one.
    package let keys: [Key]
    /// What the bottom line calls it: "zoom".
    package let hint: String
    /// Its place in the bottom line, the smallest first; nil keeps it out.
    package let hintOrder: Int?

    /// - Parameters:
    ///   - keys: Names as in a key file; one that is no key is a mistake of the program and stops it.
    ///   - hint: nil is the title.
    package init(
        _ name: String, _ title: String, scope: String, keys: [String] = [], hint: String? = nil,
        hintOrder: Int? = nil
    ) {
        self.name = name
        self.title = title
        self.scope = scope
        self.keys = keys.map { text in
            guard let key = Key(text) else { preconditionFailure("\(name): no key \(text)") }
            return key
        }
        self.hint = hint ?? title
        self.hintOrder = hintOrder
    }
}
