package import Foundation

/// The themes there are: files in some directories, the first directory that has a name wins.
package struct ThemeCatalogue: Sendable {
    private let directories: [URL]

    /// - Parameter directories: In the order of precedence, for example `./themes`, the user's,
    ///   the shipped; they need not exist.
    package init(directories: [URL]) { self.directories = directories }

    /// The names, sorted. A file whose name begins with an underscore is there to be inherited and is
    /// not offered.
    package var names: [String] {
        let files = directories.flatMap { directory in
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        }
        let names = files.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("_") }
            .map { String($0.dropLast(5)) }
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

    /// Watches the files of a theme and of all that it inherits, also a broken one, as far as it can be
    /// read. To be taken before the theme is read, so that no change in between is missed.
    package func watch(_ name: String) -> ThemeWatch {
        var files: [URL] = []
        var seen: Set<String> = []
        var next: String? = name
        while let name = next, seen.insert(name).inserted {
            files += places(of: name)
            next = try? file(name).inherits?.name
        }
        return ThemeWatch(files: files)
    }

    /// Where a theme may lie, in the order of precedence.
    private func places(of name: String) -> [URL] {
        if name.contains("/") || name.hasSuffix(".yaml") { return [URL(filePath: name)] }
        return directories.map { $0.appending(path: "\(name).yaml") }
    }

    private func file(_ name: String) throws(ThemeError) -> ThemeFile {
        if name.contains("/") || name.hasSuffix(".yaml") {
            return try ThemeFile(URL(filePath: name))
        }
        for url in places(of: name) {
            if FileManager.default.fileExists(atPath: url.path) { return try ThemeFile(url) }
        }
        throw .notFound(name: name, known: names)
    }

    /// Puts each file over the one it inherits; `chain` begins with the heir. Palette names are
    /// looked up in the result, so an heir may change a colour alone.
    private static func merge(_ chain: [ThemeFile]) throws(ThemeError) -> Theme {
        var palette: [String: Colour] = [:]
        for file in chain.reversed() { palette.merge(file.palette) { $1 } }
        // In a value for 16 colours the names of the 16 mean the terminal's own, whatever the palette
        // calls by them.
        let fewPalette = palette.filter { !Colour.terminalNames.contains($0.key) }
        var styles: [String: Style] = [:]
        var fewColours: [String: Style] = [:]
        for file in chain.reversed() {
            for role in file.roles {
                let isForFew = role.name.hasSuffix(ThemeFile.fewColoursSuffix)
                let style: Style
                do throws(StyleError) {
                    style = try Style(role.text, palette: isForFew ? fewPalette : palette)
                } catch {
                    switch error {
                    case .unexpected(let word):
                        throw ThemeError.wrongStyle(
                            role: role.name, word: word, place: role.place)
                    case .empty:
                        throw ThemeError.quoteColour(name: role.name, place: role.place)
                    }
                }
                if isForFew {
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
