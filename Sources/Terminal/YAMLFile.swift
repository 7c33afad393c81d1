internal import Foundation
internal import Yams

/// Reads a small YAML file that a person wrote and knows where its parts stand.
struct YAMLFile {
    /// As it is named in messages.
    let name: String

    static let largestByteCount = 1 << 20

    /// The file and line of a part.
    func place(_ node: Node) -> String { "\(name):\(node.mark?.line ?? 1)" }

    /// The text of the file at `url`.
    static func text(_ url: URL) throws(YAMLProblem) -> String {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            data = try handle.read(upToCount: largestByteCount + 1) ?? Data()
            try handle.close()
        } catch {
            throw .unreadable(file: url.path, why: "cannot be opened")
        }
        guard data.count <= largestByteCount else {
            throw .unreadable(file: url.path, why: "too large")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw .unreadable(file: url.path, why: "not UTF-8")
        }
        return text
    }

    /// The whole of `text`; nil when it says nothing.
    func root(_ text: String) throws(YAMLProblem) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch YamlError.scanner(_, let problem, let mark, _),
            YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            throw .malformed(place: "\(name):\(mark.line)", why: problem)
        } catch YamlError.duplicatedKeysInMapping(let names, let context) {
            throw .malformed(
                place: "\(name):\(context.mark.line)",
                why: "\(names.joined(separator: ", ")) stands there twice")
        } catch {
            throw .malformed(place: name, why: "not YAML")
        }
    }

    /// The key and value of each entry of a map, in its order.
    func pairs(
        _ node: Node
    ) throws(YAMLProblem) -> [(key: (text: String, place: String), value: Node)] {
        guard let mapping = node.mapping else {
            throw .malformed(place: place(node), why: "expected a map")
        }
        var pairs: [(key: (text: String, place: String), value: Node)] = []
        for (key, value) in mapping { pairs.append(((try text(key), place(key)), value)) }
        return pairs
    }

    func text(_ node: Node) throws(YAMLProblem) -> String {
        guard let text = node.scalar?.string else {
            throw .malformed(place: place(node), why: "expected a text")
        }
        return text
    }
}

/// Why a YAML file cannot be used, before anyone asks what it means.
enum YAMLProblem: Error, Equatable {
    case unreadable(file: String, why: String)
    /// `place` is file and line.
    case malformed(place: String, why: String)
}
