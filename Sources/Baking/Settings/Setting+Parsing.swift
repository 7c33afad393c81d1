extension Setting {
    /// The value that `text`, as written behind a flag or as a scalar in a file, stands for.
    ///
    /// - Parameter place: The flag, or file and line, for the error.
    func value(from text: String, place: String) throws(SettingsError) -> SettingValue {
        if let absence, text == absence || text == "none" { return .absent }
        switch kind {
        case .numbers, .words:
            return try value(
                from: text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed),
                place: place)
        default: break
        }
        guard let value = scalar(from: text) else {
            throw .invalid(
                name: name.rawValue, value: text, expected: expectation, place: place)
        }
        return value
    }

    /// The value that a list stands for.
    func value(from items: [String], place: String) throws(SettingsError) -> SettingValue {
        guard let value = list(from: items) else {
            throw .invalid(
                name: name.rawValue, value: items.joined(separator: ","), expected: expectation,
                place: place)
        }
        return value
    }

    /// What may stand there, the word for no value included.
    var expectation: String {
        absence.map { "\(kind.expectation), or \($0)" } ?? kind.expectation
    }

    private func scalar(from text: String) -> SettingValue? {
        switch kind {
        case .text, .path: text.isEmpty ? nil : .text(text)
        case .flag: Self.flag(text).map { .flag($0) }
        case .integer(let range):
            Int(text).flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range):
            Self.number(text).flatMap { range.contains($0) ? .number($0) : nil }
        case .choice(let words): words.contains(text) ? .text(text) : nil
        case .numbers, .words, .services: nil
        }
    }

    private func list(from items: [String]) -> SettingValue? {
        guard !items.isEmpty, Set(items).count == items.count else { return nil }
        switch kind {
        case .numbers(let range):
            let numbers = items.compactMap(Self.number)
            guard numbers.count == items.count, Set(numbers).count == numbers.count,
                numbers.allSatisfy(range.contains)
            else { return nil }
            return .numbers(numbers)
        case .words(let words): return items.allSatisfy(words.contains) ? .words(items) : nil
        default: return nil
        }
    }

    private func trimmed(_ part: Substring) -> String {
        String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// YAML's words for a flag.
    static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }

    /// A decimal number; `Double` alone would also take "nan", "inf" and "0x10".
    static func number(_ text: String) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }
}
