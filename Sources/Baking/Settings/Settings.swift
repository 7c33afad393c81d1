import Foundation

/// Every setting with its value and where that came from.
package struct Settings: Sendable {
    /// A value and its origin.
    package struct Resolved: Hashable, Sendable {
        package var value: SettingValue
        package var source: SettingSource
    }

    private var resolved: [SettingName: Resolved]
    package let surroundings: Surroundings

    /// Resolves all settings. Each comes from the first that has it: flag, `oven.yaml` in the
    /// working directory, the user's `config.yaml`, the model directory's `oven.yaml`, default.
    ///
    /// - Parameter flags: The texts behind the flags that were given.
    package init(
        flags: [SettingName: String], in surroundings: Surroundings
    ) throws(SettingsError) {
        self.surroundings = surroundings
        let given = try Self.parse(flags)
        let files = [
            try SettingsFile(surroundings.userFile, shownAs: surroundings.userFile.path),
            try SettingsFile(surroundings.directoryFile, shownAs: "oven.yaml"),
        ].compactMap(\.self)

        let standard = Dictionary(
            uniqueKeysWithValues: Setting.table.map { ($0.name, $0.standard) })
        resolved = standard.mapValues { Resolved(value: $0, source: .standard) }
        // Which model it is depends on the stronger places, so they come twice.
        apply(files, given)
        if let own = try modelFile() {
            apply([own] + files, given)
        }
        try completeServices(files)
        if flag(.precise), flag(.int8) {
            throw .invalid(
                name: "int8", value: "true", expected: "off where precise is on",
                place: self[.int8].source.text)
        }
    }

    package subscript(name: SettingName) -> Resolved {
        guard let entry = resolved[name] else { preconditionFailure("every setting is resolved") }
        return entry
    }

    /// Replaces a value that no flag gave.
    package mutating func adopt(_ value: SettingValue, for name: SettingName) {
        guard self[name].source != .flag else { return }
        resolved[name] = Resolved(value: value, source: .standard)
    }

    /// Replaces a value as a flag would.
    package mutating func use(_ value: SettingValue, for name: SettingName) {
        resolved[name] = Resolved(value: value, source: .flag)
    }

    /// Puts files and flags over what is there, the strongest last.
    private mutating func apply(_ files: [SettingsFile], _ given: [SettingName: SettingValue]) {
        for file in files {
            for (name, entry) in file.values {
                resolved[name] = Resolved(
                    value: entry.value, source: .file(file.name, line: entry.line))
            }
        }
        for (name, value) in given { resolved[name] = Resolved(value: value, source: .flag) }
    }

    private static func parse(
        _ flags: [SettingName: String]
    ) throws(SettingsError) -> [SettingName: SettingValue] {
        var values: [SettingName: SettingValue] = [:]
        // In the table's order, so that of two mistakes always the same one is reported.
        for setting in Setting.table {
            guard let text = flags[setting.name] else { continue }
            values[setting.name] = try setting.value(
                from: text, place: "--\(setting.name.rawValue)")
        }
        return values
    }

    /// The model directory's own settings. A model that is not there has none; whoever opens it
    /// says that it is missing.
    private func modelFile() throws(SettingsError) -> SettingsFile? {
        guard case .directory(let url)? = try? modelLocation() else { return nil }
        let file = url.appending(path: "oven.yaml")
        return try SettingsFile(file, shownAs: file.path, isModel: true)
    }

    private mutating func completeServices(_ files: [SettingsFile]) throws(SettingsError) {
        var services = ServiceConfiguration.predefined
        var source = SettingSource.standard
        for file in files {
            for entry in file.services {
                guard let service = entry.completing(services[entry.name]) else {
                    throw .invalidField(
                        name: "services.\(entry.name)", expected: "given kind and base-url",
                        place: "\(file.name):\(entry.line)")
                }
                services[entry.name] = service
                source = .file(file.name, line: entry.line)
            }
        }
        resolved[.services] = Resolved(value: .services(services), source: source)
    }
}
