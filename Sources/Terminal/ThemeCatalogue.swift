package import Foundation

/// The themes there are: files in some directories, the first directory that has a name wins.
package struct ThemeCatalogue: Sendable {
    private let directories: [URL]

    /// - Parameter directories: In the order of precedence, for example `./themes`, the user's,
    ///   the shipped; they need not exist.
    package init(directories: [URL]) { self.directories = directories }

    /// The names, sorted.
    package var names: [String] {
        let files = directories.flatMap { directory in
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        }
        let names = files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
        return Set(names).sorted()
    }

    /// Reads a theme with everything it inherits.
    ///
    /// - Parameter name: A theme's name, or a path that contains a slash or ends in `.yaml`.
    package func theme(_ name: String) throws(ThemeError) -> Theme {
        var chain = [try file(name)]
        var seen = [name]
        while let parent = chain[chain.count - 1].inherits {
            guard !seen.contains(parent.name) else {
                throw .circular(name: parent.name, place: parent.place)
            }
            seen.append(parent.name)
            chain.append(try file(parent.name))
        }
        return try Self.merge(chain)
    }

    private func file(_ name: String) throws(ThemeError) -> ThemeFile {
        if name.contains("/") || name.hasSuffix(".yaml") {
            return try ThemeFile(URL(filePath: name))
        }
        for directory in directories {
            let url = directory.appending(path: "\(name).yaml")
            if FileManager.default.fileExists(atPath: url.path) { return try ThemeFile(url) }
        }
        throw .notFound(name: name, known: names)
    }

    /// Puts each file over the one it inherits; `chain` begins with the heir. Palette names are
    /// looked up in the result, so an heir may change a colour alone.
    private static func merge(_ chain: [ThemeFile]) throws(ThemeError) -> Theme {
        var palette: [String: Colour] = [:]
        for file in chain.reversed() { palette.merge(file.palette) { $1 } }
        var styles: [String: Style] = [:]
        var fewColours: [String: Style] = [:]
        for file in chain.reversed() {
            for role in file.roles {
                let style: Style
                do throws(StyleError) {
                    style = try Style(role.text, palette: palette)
                } catch {
                    switch error {
                    case .unexpected(let word):
                        throw ThemeError.wrongStyle(
                            role: role.name, word: word, place: role.place)
                    case .empty:
                        throw ThemeError.quoteColour(name: role.name, place: role.place)
                    }
                }
                if role.name.hasSuffix(ThemeFile.fewColoursSuffix) {
                    let name = role.name.dropLast(ThemeFile.fewColoursSuffix.count)
                    fewColours[String(name)] = style
                } else {
                    styles[role.name] = style
                    // What an heir says newly is not undone by what its parent had for 16 colours.
                    fewColours[role.name] = nil
                }
            }
        }
        return Theme(
            name: chain[0].name, appearance: chain.compactMap(\.appearance).first ?? .dark,
            styles: styles, fewColours: fewColours)
    }
}
