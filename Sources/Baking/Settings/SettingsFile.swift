import Foundation
import Yams

/// The settings of one YAML file, checked, each with its line.
struct SettingsFile {
    private(set) var values: [SettingName: (value: SettingValue, line: Int)] = [:]
    /// The file's services as written; a later file completes an earlier one field by field.
    private(set) var services: [ServiceEntry] = []
    /// As errors name it.
    let name: String

    /// More than a person writes, less than what is dangerous to parse.
    static let largestByteCount = 1 << 20

    /// Reads `url`; nil when there is no such file.
    ///
    /// - Parameter isModel: The file came with a model: only the settings for models are allowed.
    init?(_ url: URL, shownAs name: String, isModel: Bool = false) throws(SettingsError) {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            data = try handle.read(upToCount: Self.largestByteCount + 1) ?? Data()
            try handle.close()
        } catch {
            throw .unreadable(file: name, why: "cannot be opened")
        }
        guard data.count <= Self.largestByteCount else {
            throw .unreadable(file: name, why: "larger than \(Self.largestByteCount) bytes")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw .unreadable(file: name, why: "not UTF-8")
        }
        try self.init(text: text, shownAs: name, isModel: isModel)
    }

    init(text: String, shownAs name: String, isModel: Bool = false) throws(SettingsError) {
        self.name = name
        guard let root = try Self.compose(text, name: name) else { return }
        guard let mapping = root.mapping else {
            throw .malformed(
                place: place(root), why: "expected lines like \"learning-rate: 1e-4\"")
        }
        for (key, node) in mapping {
            try read(key, node, isModel: isModel)
        }
    }

    private mutating func read(_ key: Node, _ node: Node, isModel: Bool) throws(SettingsError) {
        let text = key.scalar?.string ?? "that is not a text"
        guard let name = SettingName(rawValue: text) else {
            let names = SettingName.allCases.map(\.rawValue)
            throw .unknown(
                name: text, nearest: Spelling.nearest(to: text, in: names) ?? "", place: place(key))
        }
        let setting = Setting.named(name)
        if isModel && !setting.isForModels {
            throw .notForModels(name: text, place: place(key))
        }
        let line = key.mark?.line ?? 1
        if setting.kind == .services {
            services += try serviceEntries(node)
        } else if let items = node.sequence {
            var texts: [String] = []
            for item in items { texts.append(try scalar(item, of: setting)) }
            values[name] = (try setting.value(from: texts, place: place(node)), line)
        } else {
            let scalar = try scalar(node, of: setting)
            values[name] = (try setting.value(from: scalar, place: place(node)), line)
        }
    }

    private func scalar(_ node: Node, of setting: Setting) throws(SettingsError) -> String {
        guard let scalar = node.scalar else {
            throw .invalid(
                name: setting.name.rawValue, value: "a map or list", expected: setting.expectation,
                place: place(node))
        }
        let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
        if isNull, let absence = setting.absence { return absence }
        guard !isNull else {
            throw .missing(
                name: setting.name.rawValue, expected: setting.expectation, place: place(node))
        }
        return scalar.string
    }

    func place(_ node: Node) -> String { "\(name):\(node.mark?.line ?? 1)" }

    private static func compose(_ text: String, name: String) throws(SettingsError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw failure(error, name: name)
        } catch {
            throw .malformed(place: name, why: "\(error)")
        }
    }

    private static func failure(_ error: YamlError, name: String) -> SettingsError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .malformed(place: "\(name):\(mark.line)", why: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            .malformed(
                place: "\(name):\(context.mark.line)",
                why: "\(duplicates.joined(separator: ", ")) stands there twice")
        default: .malformed(place: name, why: "not YAML")
        }
    }
}
