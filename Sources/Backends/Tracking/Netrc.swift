/// The names and passwords of a `.netrc` file. What is not understood is passed over.
struct Netrc: Sendable {
    /// Larger files are refused.
    static let largestByteCount = 1 << 20

    private struct Entry {
        /// In lower case; nil for `default`, which is not used: a password for anywhere is no key of
        /// a service.
        var machine: String?
        var password: String?
    }

    private var entries: [Entry] = []

    init(_ text: String) {
        var reader = Reader(text)
        while let word = reader.word() {
            switch word {
            case "machine":
                guard let name = reader.word() else { break }
                entries.append(Entry(machine: name.lowercased()))
            case "default": entries.append(Entry(machine: nil))
            case "login", "account": _ = reader.word()
            case "password":
                guard let password = reader.word(), !entries.isEmpty else { break }
                if entries[entries.count - 1].password == nil {
                    entries[entries.count - 1].password = password
                }
            case "macdef": reader.skipMacro()
            default: if word.hasPrefix("#") { reader.skipLine() }
            }
        }
    }

    /// The password of the first entry for `machine` that has one.
    func password(of machine: String) -> String? {
        let name = machine.lowercased()
        return entries.first { $0.machine == name && $0.password != nil }?.password
    }

    /// Words between white space, some of them in double quotes.
    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var at = 0

        init(_ text: String) { scalars = Array(text.unicodeScalars) }

        private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar == " " || ("\t"..."\r").contains(scalar)
        }

        mutating func word() -> String? {
            while at < scalars.count, isSpace(scalars[at]) { at += 1 }
            guard at < scalars.count else { return nil }
            var word = String.UnicodeScalarView()
            let isQuoted = scalars[at] == "\""
            if isQuoted { at += 1 }
            while at < scalars.count {
                let scalar = scalars[at]
                // A quote that is never closed ends with its line.
                if isQuoted ? scalar == "\"" || scalar == "\n" : isSpace(scalar) { break }
                at += 1
                if isQuoted, scalar == "\\", at < scalars.count {
                    word.append(scalars[at])
                    at += 1
                } else {
                    word.append(scalar)
                }
            }
            if isQuoted, at < scalars.count { at += 1 }
            return String(word)
        }

        mutating func skipLine() {
            // The word may have ended with the line's own end still ahead.
            while at < scalars.count, scalars[at] != "\n" { at += 1 }
        }

        /// A macro ends with an empty line.
        mutating func skipMacro() {
            skipLine()
            while at < scalars.count {
                at += 1
                let start = at
                skipLine()
                if scalars[start..<at].allSatisfy({ $0 == "\r" }) { return }
            }
        }
    }
}
