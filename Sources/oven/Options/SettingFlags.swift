import ArgumentParser
import Baking

/// Options that are settings: each property is called like its setting.
protocol SettingFlags: ParsableArguments {}

extension SettingFlags {
    /// The texts behind the flags that were given.
    var given: [SettingName: String] {
        var given: [SettingName: String] = [:]
        for child in Mirror(reflecting: self).children {
            guard let label = child.label?.drop(while: { $0 == "_" }),
                let name = SettingName(rawValue: Self.hyphenated(label))
            else { continue }
            switch child.value {
            case let option as Option<String?>: given[name] = option.wrappedValue
            case let flag as Flag<Bool?>: given[name] = flag.wrappedValue.map(String.init)
            default: break
            }
        }
        return given
    }

    /// learningRate → learning-rate
    private static func hyphenated(_ label: Substring) -> String {
        label.reduce(into: "") { name, character in
            name += character.isUppercase ? "-\(character.lowercased())" : String(character)
        }
    }
}

extension ArgumentHelp {
    /// A setting's line in the table, with what is allowed and the default.
    static func setting(_ name: SettingName) -> ArgumentHelp {
        let setting = Setting.named(name)
        let range =
            switch setting.kind {
            case .integer, .number, .numbers: " Takes \(setting.kind.expectation)."
            default: ""
            }
        return ArgumentHelp(
            "\(setting.help)\(range) (default: \(setting.standardText))",
            valueName: setting.valueName)
    }
}

extension Setting {
    /// What stands behind the flag in the help.
    fileprivate var valueName: String {
        switch kind {
        case .text: "name"
        case .path: "path"
        case .flag, .choice: "word"
        case .integer, .number: "number"
        case .numbers, .words: "list"
        case .services: "map"
        }
    }
}
