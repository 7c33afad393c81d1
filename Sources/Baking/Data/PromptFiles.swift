package import Foundation

/// The files of a directory that may hold a prompt.
package enum PromptFiles {
    /// One of them.
    package struct Candidate: Hashable, Sendable {
        /// Its place.
        package var url: URL
        /// Its size.
        package var byteCount: Int
        /// The first line with words in it, without marks of a heading.
        package var firstLine: String
        /// SHA-256 of the text, as a run's identity has it.
        package var hash: String
        /// The first of the given runs that was made with this very text.
        package var run: String?
    }

    /// More than a person would choose from; the others are left out.
    private static let largestCount = 200
    /// Of all of them together.
    private static let largestByteCount = 16_000_000
    /// Such files have these names in many directories and are no prompts.
    private static let otherNames: Set<String> = [
        "authors", "changelog", "changes", "cmakelists", "code_of_conduct", "contributing",
        "history", "license", "news", "notice", "readme", "requirements", "security", "todo",
    ]

    /// The `*.md` and `*.txt` files of `directory` that could be baked, by name. Hidden and empty
    /// files are none, nor are those whose names say that they are something else.
    ///
    /// - Parameter runs: Where to look for what has been baked, in this order.
    package static func candidates(
        in directory: URL, runs: [Run] = []
    ) throws(RunError) -> [Candidate] {
        let baked = Dictionary(
            runs.map { ($0.record.identity.prompt, $0.name) },
            uniquingKeysWith: { first, _ in first }
        )
        var candidates: [Candidate] = []
        var byteCount = 0
        for name in try RunFiles.names(in: directory) where isCandidate(name) {
            let url = directory.appending(path: name, directoryHint: .notDirectory)
            // Anything but a file with text in it cannot be chosen, so the reason does not matter.
            guard isFile(url), let prompt = try? Prompt(file: url) else { continue }
            byteCount += prompt.text.utf8.count
            guard byteCount <= largestByteCount, candidates.count < largestCount else { break }
            candidates.append(
                Candidate(
                    url: url, byteCount: prompt.text.utf8.count,
                    firstLine: firstLine(of: prompt.text), hash: prompt.hash,
                    run: baked[prompt.hash]))
        }
        return candidates
    }

    /// The text of `file` as it is, to be edited: it may be empty.
    ///
    /// - Throws: ``PromptError``.
    package static func text(of file: URL) throws(PromptError) -> String {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            data = try handle.read(upToCount: Prompt.largestByteCount + 1) ?? Data()
        } catch {
            throw .unreadable(path: file.path, reason: reason(of: error))
        }
        guard data.count <= Prompt.largestByteCount else {
            throw .tooLarge(path: file.path, byteCount: nil)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .notUTF8(path: file.path, offset: Prompt.invalidOffset(in: data))
        }
        return text
    }

    /// Writes `text` to `file`, whole or not at all, with the permissions it has. A link stays and
    /// what it points to is written.
    ///
    /// - Parameter known: What the file held when it was read, to refuse where another program has
    ///   changed it since; nil writes in any case.
    /// - Throws: ``PromptFileError``.
    package static func save(
        _ text: String, to file: URL, over known: String? = nil
    ) throws(PromptFileError) {
        let target = file.resolvingSymlinksInPath()
        let path = target.path
        var status = stat()
        var permissions: UInt16?
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: file.path) }
            // A rename would replace it all the same.
            guard access(path, W_OK) == 0 else {
                throw .unwritable(path: file.path, reason: systemMessage(errno))
            }
            permissions = UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
            if let known, !holds(target, known) { throw .changed(path: file.path) }
        }
        do {
            try RunFiles.write(Data(text.utf8), to: target, permissions: permissions)
        } catch {
            guard case .unwritable(_, let reason) = error else {
                throw .unwritable(path: file.path, reason: error.description)
            }
            throw .unwritable(path: file.path, reason: reason)
        }
    }

    /// Whether `file` holds `text`, a byte order mark left aside.
    static func holds(_ file: URL, _ text: String) -> Bool {
        guard let data = try? RunFiles.contents(of: file) else { return false }
        let bytes = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
        return bytes.elementsEqual(text.utf8)
    }

    private static func isCandidate(_ name: String) -> Bool {
        let parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard !name.hasPrefix("."), parts.count > 1, let stem = parts.first,
            let ending = parts.last
        else { return false }
        return (ending == "md" || ending == "txt") && !otherNames.contains(String(stem))
    }

    private static func isFile(_ url: URL) -> Bool {
        var status = stat()
        return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func firstLine(of text: String) -> String {
        let marks = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "#"))
        let line = text.split(whereSeparator: \.isNewline).lazy
            .map { $0.trimmingCharacters(in: marks) }.first { !$0.isEmpty }
        return String((line ?? "").prefix(200))
    }
}

/// Why a prompt's file cannot be written.
package enum PromptFileError: Error, Hashable, CustomStringConvertible {
    /// Another program has written it since it was read.
    case changed(path: String)
    /// A directory or a device.
    case notAFile(path: String)
    /// The system refuses.
    case unwritable(path: String, reason: String)

    /// One line for a person.
    package var description: String {
        switch self {
        case .changed(let path):
            "\(path) was changed by another program; read it again or save under another name"
        case .notAFile(let path): "\(path) is not a file"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); what was there is kept"
        }
    }
}
