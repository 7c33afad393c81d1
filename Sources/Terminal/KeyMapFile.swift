package import Foundation
internal import Yams

/// A user's keys as their YAML file has them: a map from command to a key or a list of keys, also
/// under the word `bindings`. An empty list takes a command's keys away.
package struct KeyMapFile: Sendable {
    struct Binding: Sendable {
        let command: String
        /// As they stand there, each with its line.
        let keys: [(key: Key, place: String)]
        let place: String
    }

    let bindings: [Binding]

    package init(_ url: URL) throws(KeyMapError) {
        let text: String
        do { text = try YAMLFile.text(url) } catch { throw KeyMapError(error) }
        try self.init(text: text, file: url.path)
    }

    /// - Parameter file: As it is named in messages.
    package init(text: String, file: String) throws(KeyMapError) {
        let reader = KeyMapReader(yaml: YAMLFile(name: file))
        bindings = try reader.bindings(text)
    }
}

/// Reads the parts of one file.
private struct KeyMapReader {
    let yaml: YAMLFile

    func bindings(_ text: String) throws(KeyMapError) -> [KeyMapFile.Binding] {
        var pairs = try self.pairs { () throws(YAMLProblem) in try yaml.root(text) }
        if pairs.contains(where: { $0.key.text == "bindings" }) {
            if let other = pairs.first(where: { $0.key.text != "bindings" }) {
                throw .malformed(
                    place: other.key.place, why: "\(other.key.text) stands beside bindings")
            }
            let inner = pairs[0].value
            pairs = isNothing(inner) ? [] : try self.pairs { () in inner }
        }
        var bindings: [KeyMapFile.Binding] = []
        for pair in pairs {
            bindings.append(
                KeyMapFile.Binding(
                    command: pair.key.text, keys: try keys(pair.value, of: pair.key.text),
                    place: pair.key.place))
        }
        return bindings
    }

    /// The entries of a map; none where there is nothing at all.
    private func pairs(
        of node: () throws(YAMLProblem) -> Node?
    ) throws(KeyMapError) -> [(key: (text: String, place: String), value: Node)] {
        do throws(YAMLProblem) {
            guard let node = try node() else { return [] }
            return try yaml.pairs(node)
        } catch {
            throw KeyMapError(error)
        }
    }

    private func keys(
        _ node: Node, of command: String
    ) throws(KeyMapError) -> [(key: Key, place: String)] {
        var keys: [(key: Key, place: String)] = []
        for node in node.sequence.map(Array.init) ?? [node] {
            // An unquoted # begins a comment, so that nothing is left.
            if isNothing(node) { throw .quoteKey(command: command, place: yaml.place(node)) }
            let text: String
            do { text = try yaml.text(node) } catch { throw KeyMapError(error) }
            guard let key = Key(text) else {
                throw .unreadableKey(text, command: command, place: yaml.place(node))
            }
            keys.append((key, yaml.place(node)))
        }
        return keys
    }

    private func isNothing(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style != .doubleQuoted,
            scalar.style != .singleQuoted
        else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }
}
