/// Where a setting's value came from.
package enum SettingSource: Hashable, Sendable {
    case standard
    case file(String, line: Int)
    case flag

    /// "default", "flag", or file and line.
    package var text: String {
        switch self {
        case .standard: "default"
        case .file(let file, let line): "\(file):\(line)"
        case .flag: "flag"
        }
    }
}
