public import Foundation

/// The directory where runs live.
public struct RunStore: Hashable, Sendable {
    /// The directory; it need not exist.
    public let directory: URL

    /// The runs in `directory`.
    public init(directory: URL) { self.directory = directory }

    /// Every readable run, newest first. Damaged ones and those of another version are left out;
    /// opening one by name tells why.
    public func runs() throws -> [Run] {
        try RunFiles.names(in: directory).filter { !$0.hasPrefix(".") }
            .compactMap { name -> Run? in
                let place = directory.appending(path: name, directoryHint: .isDirectory)
                do {
                    return try Run(directory: place)
                } catch {
                    return nil
                }
            }
            .sorted { ($0.record.created, $0.name) > ($1.record.created, $1.name) }
    }

    /// The run of this name, or in this directory.
    public func run(_ nameOrDirectory: String) throws -> Run {
        if RunStore.isName(nameOrDirectory), let run = try existing(nameOrDirectory) { return run }
        let place = URL(filePath: nameOrDirectory, directoryHint: .isDirectory)
        guard let run = try Run(directory: place) else {
            throw RunError.notFound(name: nameOrDirectory, store: directory.path)
        }
        return run
    }

    /// The newest run for which `fits` holds.
    public func newest(where fits: (Run) throws -> Bool) throws -> Run {
        guard let run = try runs().first(where: fits) else {
            throw RunError.none(store: directory.path)
        }
        return run
    }

    /// Removes a run that no process works on.
    public func delete(_ run: Run) throws {
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        // Gone at once; what a kill leaves behind is no run.
        try RunFiles.remove(run.url(.record))
        try RunFiles.remove(run.directory)
    }

    /// What a list of every readable run shows, in the order of ``runs()``. A figure that cannot be
    /// read is left out: opening the run tells why.
    public func summaries() throws -> [RunSummary] {
        try runs().map { run in
            do {
                return try run.summary()
            } catch {
                return run.summary(verified: nil, checkpoints: [])
            }
        }
    }

    /// Gives a run that no process works on another name in the same directory.
    ///
    /// - Returns: The run under its new name; `run` itself is no longer there.
    /// - Throws: ``RunError/invalidName(_:)``, ``RunError/exists(run:)`` or
    ///   ``RunError/inUse(run:process:)``; then nothing is changed.
    public func rename(_ run: Run, to name: String) throws -> Run {
        guard RunStore.isName(name) else { throw RunError.invalidName(name) }
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        let place = run.directory.deletingLastPathComponent()
            .appending(path: name, directoryHint: .isDirectory)
        // Whatever has the name, a run or not; the system would replace an empty directory.
        guard !RunFiles.exists(place) else { throw RunError.exists(run: name) }
        try RunFiles.rename(run.directory, to: place)
        guard let renamed = try Run(directory: place) else {
            throw RunError.notFound(name: name, store: place.deletingLastPathComponent().path)
        }
        return renamed
    }

    /// Makes a run with the rows of `run`, their teacher's rows and its settings, but without
    /// anything that was trained: there its rows can be changed. A bake continues it by its name; one
    /// of rows that were brought along needs them named again, and the run itself can be named.
    ///
    /// - Parameter name: nil numbers it like every run of this prompt.
    public func copy(rowsOf run: Run, as name: String? = nil) throws -> Run {
        if let name, try existing(name) != nil { throw RunError.exists(run: name) }
        var record = run.record
        record.created = try JSONLine.time(JSONLine.text(of: Date()))
        (record.steps, record.best, record.last, record.outcome) = (nil, nil, nil, nil)
        let prompt = try run.prompt()
        // Its file is called prompt.md in every run; the run's own name has the original one.
        let stem = run.name.replacing(/-[0-9]+$/, with: "")
        return try make(
            name: name, record: record, prompt: try Prompt(text: prompt.text, name: stem),
            queries: try run.queries()
        ) { aside in
            // Only whole lines: a process may be adding to them.
            let byteCount = try Dataset(run.url(.dataset)).wholeByteCount
            let rows = try RunFiles.contents(of: run.url(.dataset)) ?? Data()
            try RunFiles.write(
                rows.prefix(byteCount), to: aside.appending(path: Run.File.dataset.rawValue))
            // Without it the teacher scores again, which takes longer and comes to the same.
            if let targets = try RunFiles.contents(of: run.url(.teacherTensors)) {
                try RunFiles.write(
                    targets, to: aside.appending(path: Run.File.teacherTensors.rawValue))
            }
        }
    }

    /// The run called `name`; nil when there is none.
    func existing(_ name: String) throws -> Run? {
        guard RunStore.isName(name) else { throw RunError.invalidName(name) }
        return try Run(directory: directory.appending(path: name, directoryHint: .isDirectory))
    }

    /// Makes a run called `name`, or when that is nil `<prompt's name>-<n>`. It appears whole.
    ///
    /// - Parameter addFiles: Puts further files into the directory it is given.
    func make(
        name: String?, record: RunRecord, prompt: Prompt, queries: QuerySet,
        addFiles: (URL) throws -> Void = { _ in }
    ) throws -> Run {
        if let name, !RunStore.isName(name) { throw RunError.invalidName(name) }
        let process = ProcessInfo.processInfo.processIdentifier
        let aside = directory.appending(path: ".new-\(process)-\(UInt32.random(in: 0 ... .max))")
        try RunFiles.makeDirectory(aside)
        do {
            try RunFiles.write(Data(prompt.text.utf8), to: aside.appending(path: "prompt.md"))
            try RunFiles.write(json: queries, to: aside.appending(path: "queries.json"))
            try addFiles(aside)
            try RunFiles.write(json: record, to: aside.appending(path: "run.json"))
            let place = try publish(aside, name: name, stem: prompt.name)
            return Run(directory: place, record: record)
        } catch {
            // What failed is told; that its remains could not be removed would hide it.
            try? RunFiles.remove(aside)
            throw error
        }
    }

    private func publish(_ aside: URL, name: String?, stem: String) throws -> URL {
        if let name {
            let place = directory.appending(path: name, directoryHint: .isDirectory)
            try RunFiles.publish(aside, as: place)
            return place
        }
        let stem = RunStore.isName(stem) ? stem : "run"
        let numbers = try RunFiles.names(in: directory).compactMap { name in
            name.hasPrefix("\(stem)-") ? Int(name.dropFirst(stem.count + 1)) : nil
        }
        let next = (numbers.max() ?? 0) + 1
        for number in next..<next + 100 {
            let place = directory.appending(path: "\(stem)-\(number)", directoryHint: .isDirectory)
            // Another process may have made this one meanwhile; then the next is tried.
            if FileManager.default.fileExists(atPath: place.path) { continue }
            try RunFiles.publish(aside, as: place)
            return place
        }
        throw RunError.unwritable(path: directory.path, reason: "no name is free")
    }

    /// Whether `name` is one plain directory name.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix(".")
            && !name.contains { $0 == "/" || $0.isNewline || $0 == "\0" }
    }
}
