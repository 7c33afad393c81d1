import Foundation

extension Settings {
    /// A file or directory that the program reads.
    package struct Place: Hashable, Sendable, Encodable {
        package var name: String
        package var path: String
        package var exists: Bool
    }

    /// The places that are read, whether they exist or not.
    package var places: [Place] {
        var urls: [(String, URL)] = [
            ("settings", surroundings.directoryFile), ("user settings", surroundings.userFile),
        ]
        if case .directory(let model)? = try? modelLocation() {
            urls.append(("model", model))
            urls.append(("model settings", model.appending(path: "oven.yaml")))
        }
        urls.append(("prompt", surroundings.url(of: text(.prompt))))
        urls.append(("runs", surroundings.url(of: text(.runs))))
        urls.append(("model cache", surroundings.hubCache))
        urls.append(("state", surroundings.stateDirectory))
        for item in Resources.Item.allCases {
            if let url = try? Resources(surroundings).url(of: item) {
                urls.append((item.rawValue, url))
            }
        }
        return urls.map { name, url in
            let path = url.path
            return Place(
                name: name, path: path, exists: FileManager.default.fileExists(atPath: path))
        }
    }
}

extension Setting {
    /// The default as a settings file has it.
    package var yamlDefault: String {
        switch standard {
        case .numbers, .words: "[\(standard.text.replacing(",", with: ", "))]"
        default: standardText
        }
    }
}
