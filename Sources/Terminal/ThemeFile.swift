import Foundation
import Yams

/// A theme as its YAML file has it, before inheritance.
struct ThemeFile {
    let name: String
    let appearance: Theme.Appearance?
    let inherits: (name: String, place: String)?
    let palette: [String: Colour]
    /// Role names, also with the suffix `.16`, and their styles as written.
    let roles: [(name: String, text: String, place: String)]

    /// What stands behind a role's name for its look with 16 colours and fewer.
    static let fewColoursSuffix = ".16"

    init(_ url: URL) throws(ThemeError) {
        let text: String
        do { text = try YAMLFile.text(url) } catch { throw ThemeError(error) }
        try self.init(text: text, file: url.path)
    }

    init(text: String, file: String) throws(ThemeError) {
        let reader = ThemeReader(file: file)
        let fields = try reader.fields(of: try reader.root(text))
        name =
            try fields["name"].map(reader.text)
            ?? URL(filePath: file)
            .deletingPathExtension().lastPathComponent
        if let node = fields["appearance"] {
            let word = try reader.text(node)
            guard let appearance = Theme.Appearance(rawValue: word) else {
                throw .unknown(what: "appearance", name: word, place: reader.place(node))
            }
            self.appearance = appearance
        } else {
            appearance = nil
        }
        inherits = try fields["inherits"].map { node throws(ThemeError) in
            (try reader.text(node), reader.place(node))
        }
        palette = try reader.palette(fields["palette"])
        roles = try reader.roles(fields["roles"])
    }
}

/// Reads the parts of one file and knows where they stand.
private struct ThemeReader {
    let file: String

    private var yaml: YAMLFile { YAMLFile(name: file) }

    func place(_ node: Node) -> String { yaml.place(node) }

    func root(_ text: String) throws(ThemeError) -> Node {
        do {
            if let node = try yaml.root(text) { return node }
        } catch {
            throw ThemeError(error)
        }
        throw .malformed(place: file, why: "empty")
    }

    private static let fieldNames = [
        "name", "appearance", "license", "inherits", "palette", "roles",
    ]

    func fields(of node: Node) throws(ThemeError) -> [String: Node] {
        var fields: [String: Node] = [:]
        for (key, value) in try pairs(node) {
            guard Self.fieldNames.contains(key.text) else {
                throw .unknown(what: "field", name: key.text, place: key.place)
            }
            fields[key.text] = value
        }
        return fields
    }

    func palette(_ node: Node?) throws(ThemeError) -> [String: Colour] {
        var palette: [String: Colour] = [:]
        guard let node else { return palette }
        for (key, value) in try pairs(node) {
            let text = try colourText(value, name: key.text)
            guard let colour = Colour(text) else {
                throw .unknown(what: "colour", name: text, place: place(value))
            }
            palette[key.text] = colour
        }
        return palette
    }

    func roles(
        _ node: Node?
    ) throws(ThemeError) -> [(name: String, text: String, place: String)] {
        var roles: [(name: String, text: String, place: String)] = []
        guard let node else { return roles }
        for (key, value) in try pairs(node) {
            let suffix = ThemeFile.fewColoursSuffix
            let name =
                key.text.hasSuffix(suffix) ? String(key.text.dropLast(suffix.count)) : key.text
            guard Role.names.contains(name) else {
                throw .unknown(what: "role", name: key.text, place: key.place)
            }
            roles.append((key.text, try colourText(value, name: key.text), place(value)))
        }
        return roles
    }

    func text(_ node: Node) throws(ThemeError) -> String {
        do { return try yaml.text(node) } catch { throw ThemeError(error) }
    }

    private func colourText(_ node: Node, name: String) throws(ThemeError) -> String {
        let text = try text(node)
        // An unquoted # begins a comment, so that nothing is left.
        guard !["", "~", "null"].contains(text) else {
            throw .quoteColour(name: name, place: place(node))
        }
        return text
    }

    private func pairs(
        _ node: Node
    ) throws(ThemeError) -> [(key: (text: String, place: String), value: Node)] {
        do { return try yaml.pairs(node) } catch { throw ThemeError(error) }
    }
}
