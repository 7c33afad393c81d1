/// Which key does what: the one table from which keys are dispatched and from which help, palette and
/// bottom line are made.
package struct KeyMap: Sendable {
    /// In the order of the table.
    package let commands: [Command]
    private let titles: [String: String]
    private let keys: [String: [Key]]
    private let names: [String: [Key: String]]

    /// - Parameters:
    ///   - commands: No name twice, and no key twice in one scope: such a table is a mistake of the
    ///     program and stops it.
    ///   - titles: What help calls a scope; without one it is the scope's name.
    package init(commands: [Command], titles: [String: String] = [:]) {
        do throws(KeyMapError) {
            try self.init(commands: commands, titles: titles, overrides: nil)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The same with a user's keys in place of the table's.
    package init(
        commands: [Command], titles: [String: String] = [:], overrides: KeyMapFile?
    ) throws(KeyMapError) {
        self.commands = commands
        self.titles = titles
        let known = Set(commands.map(\.name))
        precondition(known.count == commands.count, "two commands have one name")
        var keys = Dictionary(
            uniqueKeysWithValues: commands.map { ($0.name, Self.canonical($0.keys)) })
        var places: [String: [Key: String]] = [:]
        for binding in overrides?.bindings ?? [] {
            guard known.contains(binding.command) else {
                throw .unknownCommand(
                    binding.command,
                    nearest: EditDistance.nearest(
                        to: binding.command, in: commands.map(\.name)),
                    place: binding.place)
            }
            keys[binding.command] = Self.canonical(binding.keys.map(\.key))
            places[binding.command] = Dictionary(
                binding.keys.map { ($0.key.asTyped, $0.place) },
                uniquingKeysWith: { first, _ in first })
        }
        var names: [String: [Key: String]] = [:]
        for command in commands {
            for key in keys[command.name] ?? [] {
                if let other = names[command.scope]?[key] {
                    // The line that caused it: the file's, since the table has no such conflict.
                    let place = places[command.name]?[key] ?? places[other]?[key]
                    throw .conflict(
                        key: key, first: other, second: command.name, scope: command.scope,
                        place: place ?? "the program's own keys")
                }
                names[command.scope, default: [:]][key] = command.name
            }
        }
        self.keys = keys
        self.names = names
    }

    private static func canonical(_ keys: [Key]) -> [Key] {
        var seen: Set<Key> = []
        return keys.map(\.asTyped).filter { seen.insert($0).inserted }
    }

    /// The command that `key` means.
    ///
    /// - Parameter scopes: From the innermost outwards; the first that has the key wins.
    package func command(for key: Key, in scopes: [String]) -> String? {
        let key = key.asTyped
        for scope in scopes {
            if let name = names[scope]?[key] { return name }
        }
        return nil
    }

    /// The command of a name.
    package func command(named name: String) -> Command? { commands.first { $0.name == name } }

    /// The keys of a command; none for an unknown one.
    package func keys(for command: String) -> [Key] { keys[command] ?? [] }

    /// The keys of a command as help shows them, those left out that an inner scope takes.
    package func keysText(
        for command: Command, scopes: [String], inWords: Bool = false
    ) -> String {
        liveKeys(command, scopes).map { $0.shown(inWords: inWords) }.joined(separator: " ")
    }

    /// What the bottom line shows here: the commands that have a place in it and a key, in its order;
    /// of two with the same place, that of the inner scope is the first.
    package func hints(
        scopes: [String], inWords: Bool = false
    ) -> [(command: String, key: String, title: String)] {
        let hints = scopes.enumerated().flatMap { depth, scope in
            commands.filter { $0.scope == scope }.compactMap { command in
                command.hintOrder.flatMap { order in
                    liveKeys(command, scopes).first.map { key in
                        (
                            rank: (order, depth), command: command.name,
                            key: key.shown(inWords: inWords), title: command.hint
                        )
                    }
                }
            }
        }
        // Sorting alone does not promise to keep the table's order.
        return hints.enumerated()
            .sorted {
                ($0.element.rank.0, $0.element.rank.1, $0.offset)
                    < ($1.element.rank.0, $1.element.rank.1, $1.offset)
            }
            .map { ($0.element.command, $0.element.key, $0.element.title) }
    }

    /// Every command of the scopes with its keys, scope by scope; also those without a key, which the
    /// palette has.
    package func help(
        scopes: [String], inWords: Bool = false
    ) -> [(title: String, commands: [(keys: String, title: String)])] {
        scopes.map { scope in
            let own = commands.filter { $0.scope == scope }
            return (
                title: titles[scope] ?? scope,
                commands: own.map {
                    (keysText(for: $0, scopes: scopes, inWords: inWords), $0.title)
                }
            )
        }
    }

    /// The keys of a command that reach it when these scopes are active.
    private func liveKeys(_ command: Command, _ scopes: [String]) -> [Key] {
        keys(for: command.name).filter { self.command(for: $0, in: scopes) == command.name }
    }
}

extension Key {
    /// The key as a terminal reports it: Ctrl-I is Tab there, Ctrl-M Enter, Ctrl-[ Escape, and Shift
    /// with a letter is the capital.
    var asTyped: Key {
        guard case .character(let character) = code else { return self }
        if modifiers.contains(.control) {
            let rest = modifiers.subtracting(.control)
            switch character {
            case "i": return Key(.tab, rest)
            case "m": return Key(.enter, rest)
            case "[": return Key(.escape, rest)
            default: return self
            }
        }
        let upper = character.uppercased()
        guard modifiers.contains(.shift), upper.count == 1, let capital = upper.first else {
            return self
        }
        return Key(.character(capital), modifiers.subtracting(.shift))
    }
}
