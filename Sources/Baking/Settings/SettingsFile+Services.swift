import Foundation
import Yams

/// What a file says of one service; fields that are nil are left as they were.
struct ServiceEntry {
    var name: String
    var line: Int
    var kind: ServiceConfiguration.Kind?
    var baseURL: String?
    var model: String?
    var keyVariable: String?
    var wire: ServiceConfiguration.Wire?
    var spendLimit: Double?
    var tokenizer: String?
    var allow: [ServiceConfiguration.Fallback]?
    var expireAfterDays: Double?

    /// The service after this entry; nil when kind or address are still missing.
    func completing(_ service: ServiceConfiguration?) -> ServiceConfiguration? {
        guard let kind = kind ?? service?.kind, let baseURL = baseURL ?? service?.baseURL else {
            return nil
        }
        return ServiceConfiguration(
            kind: kind, baseURL: baseURL, model: model ?? service?.model,
            keyVariable: keyVariable ?? service?.keyVariable,
            wire: wire ?? service?.wire ?? .auto, spendLimit: spendLimit ?? service?.spendLimit,
            tokenizer: tokenizer ?? service?.tokenizer, allow: allow ?? service?.allow ?? [],
            expireAfterDays: expireAfterDays ?? service?.expireAfterDays)
    }
}

extension SettingsFile {
    /// The entries of the map `services`, each field checked.
    func serviceEntries(_ node: Node) throws(SettingsError) -> [ServiceEntry] {
        guard let mapping = node.mapping else {
            throw .invalidField(
                name: "services", expected: "a map from names to services", place: place(node))
        }
        var entries: [ServiceEntry] = []
        for (key, value) in mapping { entries.append(try serviceEntry(key, value)) }
        return entries
    }

    private func serviceEntry(_ key: Node, _ node: Node) throws(SettingsError) -> ServiceEntry {
        guard let name = key.scalar?.string, name != "model", !name.isEmpty, name.count <= 64,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else {
            throw .invalidField(
                name: "a service's name",
                expected: "letters, digits, hyphens and dots, and other than \"model\"",
                place: place(key))
        }
        guard let fields = node.mapping else {
            throw .invalidField(
                name: "services.\(name)", expected: "a map of fields", place: place(node))
        }
        var entry = ServiceEntry(name: name, line: key.mark?.line ?? 1)
        for (key, value) in fields {
            let text = key.scalar?.string ?? ""
            guard let field = ServiceConfiguration.CodingKeys(rawValue: text) else {
                let names = ServiceConfiguration.CodingKeys.allCases.map(\.rawValue)
                throw .unknown(
                    name: "services.\(name).\(text)",
                    nearest: Spelling.nearest(to: text, in: names) ?? "", place: place(key))
            }
            try set(field, of: &entry, to: value)
        }
        return entry
    }

    private func set(
        _ field: ServiceConfiguration.CodingKeys, of entry: inout ServiceEntry, to node: Node
    ) throws(SettingsError) {
        let text = node.scalar?.string ?? ""
        let expected: String
        switch field {
        case .kind:
            entry.kind = ServiceConfiguration.Kind(rawValue: text)
            if entry.kind != nil { return }
            expected = "openai or tinker"
        case .baseURL:
            if Self.isAddress(text) { entry.baseURL = text }
            if entry.baseURL != nil { return }
            expected = "an http or https address without user name, password or query"
        case .model:
            if !text.isEmpty { entry.model = text }
            if entry.model != nil { return }
            expected = "a model's name"
        case .keyVariable:
            // Anything that looks like the key itself is refused without repeating it.
            if Self.isVariable(text) { entry.keyVariable = text }
            if entry.keyVariable != nil { return }
            expected = "the name of an environment variable, never the key itself"
        case .wire:
            entry.wire = ServiceConfiguration.Wire(rawValue: text)
            if entry.wire != nil { return }
            expected = "auto, proto or json"
        case .spendLimit:
            if let limit = Setting.number(text), limit >= 0 { entry.spendLimit = limit }
            if entry.spendLimit != nil { return }
            expected = "US dollars, 0 or more"
        case .tokenizer:
            if !text.isEmpty { entry.tokenizer = text }
            if entry.tokenizer != nil { return }
            expected = "a directory or a hub id"
        case .allow:
            let words = node.sequence.map { $0.map { $0.scalar?.string ?? "" } } ?? [text]
            let known = words.compactMap(ServiceConfiguration.Fallback.init)
            if known.count == words.count { entry.allow = known }
            if entry.allow != nil { return }
            expected = "a list of split-targets and response-tokens"
        case .expireAfterDays:
            if let days = Setting.number(text), (0.05...3650).contains(days) {
                entry.expireAfterDays = days
            }
            if entry.expireAfterDays != nil { return }
            expected = "days, 0.05 to 3650"
        }
        throw .invalidField(
            name: "services.\(entry.name).\(field.rawValue)", expected: expected,
            place: place(node))
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme,
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
        else { return false }
        return parts.user == nil && parts.password == nil && parts.query == nil
            && parts.fragment == nil
    }

    private static func isVariable(_ text: String) -> Bool {
        guard let first = text.first, !first.isNumber, text.count <= 64 else { return false }
        return text.allSatisfy {
            $0 == "_" || $0.isASCII && ($0.isNumber || $0.isLetter && $0.isUppercase)
        }
    }
}
