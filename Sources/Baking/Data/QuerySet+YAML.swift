public import Foundation
import Yams

extension QuerySet {
    /// A set as read, with what a person should know about it.
    public struct Loaded: Hashable, Sendable {
        /// The set.
        public let queries: QuerySet
        /// One line each.
        public let warnings: [String]
    }

    /// Reads a query set.
    ///
    /// - Parameters:
    ///   - file: YAML: `checks` (optional) and `groups`, each with `name` and lists `train`, `dev`,
    ///     `test` of texts or lists of user turns.
    ///   - builtIn: The shipped set; a file without `dev` or `test` queries takes them from it,
    ///     leaving out those that nearly repeat one of the file's own.
    /// - Throws: ``QuerySetError`` with file and line.
    public static func load(file: URL, builtIn: URL? = nil) throws(QuerySetError) -> Loaded {
        var reader = Reader(path: file.path)
        var queries = try reader.read(file)
        var warnings: [String] = []
        let missing = [Split.dev, .test].filter { queries[$0].isEmpty }
        if !missing.isEmpty, let builtIn, builtIn != file {
            var shippedReader = Reader(path: builtIn.path)
            let shipped = try shippedReader.read(builtIn)
            for split in missing {
                let own = Split.allCases.flatMap { queries[$0] }.map(NormalisedText.init)
                queries[split] = shipped[split].filter { query in
                    let text = NormalisedText(query)
                    return !own.contains { $0.resembles(text) }
                }
                warnings.append(
                    "\(file.path) has no \(split.rawValue) queries; "
                        + "\(queries[split].count) of the built-in set are used")
            }
        }
        guard !queries.train.isEmpty else {
            throw .invalid(path: file.path, line: 1, why: "no group has train queries")
        }
        return Loaded(queries: queries, warnings: warnings)
    }
}

/// Reads one file; knows the line of everything.
private struct Reader {
    let path: String
    var seen: [(text: NormalisedText, split: Split, line: Int)] = []

    /// Far more than a set a person writes.
    static let largestByteCount = 16_000_000

    init(path: String) { self.path = path }

    mutating func read(_ file: URL) throws(QuerySetError) -> QuerySet {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw .unreadable(path: path, reason: reason(of: error))
        }
        guard data.count <= Reader.largestByteCount else {
            throw .unreadable(
                path: path, reason: "\(data.count) bytes, at most \(Reader.largestByteCount)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "not UTF-8")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw syntaxError(error)
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
        guard let root else { throw .invalid(path: path, line: 1, why: "the file is empty") }
        return try querySet(root)
    }

    private func syntaxError(_ error: YamlError) -> QuerySetError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .invalid(path: path, line: mark.line, why: problem)
        default: .unreadable(path: path, reason: "\(error)")
        }
    }

    private func failure(_ node: Node, _ why: String) -> QuerySetError {
        .invalid(path: path, line: node.mark?.line ?? 1, why: why)
    }

    private mutating func querySet(_ root: Node) throws(QuerySetError) -> QuerySet {
        let members = try mapping(root, allowed: ["checks", "groups"], what: "a query set")
        var result = QuerySet(train: [], dev: [], test: [])
        if let checks = members["checks"] {
            for node in try list(checks, what: "checks") { result.checks.append(try check(node)) }
        }
        guard let groups = members["groups"] else { throw failure(root, "groups are missing") }
        for group in try list(groups, what: "groups") {
            let parts = try mapping(
                group, allowed: ["name"] + Split.allCases.map(\.rawValue), what: "a group")
            guard let nameNode = parts["name"] else { throw failure(group, "a group needs a name") }
            let name = try string(nameNode, what: "a group's name")
            for split in Split.allCases {
                guard let node = parts[split.rawValue] else { continue }
                for entry in try list(node, what: split.rawValue) {
                    let query = try query(entry, group: name)
                    try claim(query, split: split, node: entry)
                    result[split].append(query)
                }
            }
        }
        return result
    }

    private func query(_ node: Node, group: String) throws(QuerySetError) -> Query {
        guard case .sequence(let sequence) = node else {
            return Query(group: group, turns: [try string(node, what: "a query")])
        }
        var turns: [String] = []
        for turn in sequence { turns.append(try string(turn, what: "a turn")) }
        guard !turns.isEmpty else { throw failure(node, "a query needs at least one turn") }
        return Query(group: group, turns: turns)
    }

    /// Refuses a query that occurs twice, or that nearly repeats one of another split.
    private mutating func claim(
        _ query: Query, split: Split, node: Node
    ) throws(QuerySetError) {
        let text = NormalisedText(query)
        for other in seen {
            if other.split == split, other.text == text {
                throw failure(node, "this query already stands in line \(other.line)")
            }
            if other.split != split, other.text.resembles(text) {
                throw failure(
                    node,
                    "this \(split.rawValue) query nearly repeats the \(other.split.rawValue) query "
                        + "in line \(other.line); the splits must not overlap")
            }
        }
        seen.append((text, split, node.mark?.line ?? 1))
    }

    private func check(_ node: Node) throws(QuerySetError) -> Check {
        let parts = try mapping(node, allowed: ["name", "any", "regex"], what: "a check")
        guard let nameNode = parts["name"] else { throw failure(node, "a check needs a name") }
        let name = try string(nameNode, what: "a check's name")
        let rule: Check.Rule
        switch (parts["any"], parts["regex"]) {
        case (let words?, nil):
            var texts: [String] = []
            for word in try list(words, what: "any") { texts.append(try string(word, what: "any")) }
            guard !texts.isEmpty else { throw failure(words, "any needs at least one word") }
            rule = .any(texts)
        case (nil, let pattern?): rule = .regex(try string(pattern, what: "a regex"))
        default: throw failure(node, "the check \(name) needs either any or regex")
        }
        do {
            return try Check(name: name, rule: rule)
        } catch {
            throw failure(node, "the regex of the check \(name) cannot be read: \(error)")
        }
    }

    private func mapping(
        _ node: Node, allowed: [String], what: String
    ) throws(QuerySetError) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            throw failure(node, "\(what) is a mapping of \(allowed.joined(separator: ", "))")
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, allowed.contains(name) else {
                throw failure(
                    key,
                    "\(what) has no \(key.scalar?.string ?? "such member"); it may have "
                        + allowed.joined(separator: ", "))
            }
            guard members.updateValue(value, forKey: name) == nil else {
                throw failure(key, "\(name) occurs twice")
            }
        }
        return members
    }

    private func list(_ node: Node, what: String) throws(QuerySetError) -> [Node] {
        guard case .sequence(let sequence) = node else {
            throw failure(node, "\(what) must be a list")
        }
        return Array(sequence)
    }

    private func string(_ node: Node, what: String) throws(QuerySetError) -> String {
        guard case .scalar(let scalar) = node else { throw failure(node, "\(what) must be a text") }
        guard scalar.string.contains(where: { !$0.isWhitespace }) else {
            throw failure(node, "\(what) is empty")
        }
        return scalar.string
    }
}
