import Baking
import Foundation
import Transformer

/// One call to fetch a repository.
struct HubPull: Sendable {
    let settings: HubSettings
    let requests: HubRequests
    let selection: HubSelection
    let freeSpace: @Sendable (URL) -> Int?
    let emit: @Sendable (HubEvent) -> Void

    private var repository: HubRepository { requests.repository }
    private var revision: String { requests.revision }

    /// Contents that are fetched at the same time.
    private static let width = 3

    func run() async throws {
        guard HubCache.isRevision(revision) else { throw HubError.invalidRevision(revision) }
        if let variable = settings.offline {
            guard let snapshot = cached() else {
                throw HubError.offline(
                    repository, revision: revision, cache: settings.cache.path, variable: variable)
            }
            return finish(
                snapshot,
                .note(service: HubRequests.service, "\(variable): the network is not asked"))
        }
        let listing: HubListing
        do {
            listing = try await HubListing(requests, timeout: settings.metadataTimeout)
        } catch let error as HubError where error.isTemporary {
            guard let snapshot = cached() else { throw error }
            return finish(snapshot, .warning(service: HubRequests.service, error.description))
        }
        var files = try selection.smallFiles(of: listing, repository)
        let single =
            try selection == .model ? HubSelection.singleFile(of: listing, repository) : nil
        guard let store = try openStore(listing.commit) else { return }
        var early: [String: Bool] = [:]
        if selection == .model {
            try await checkConfiguration(listing, store, &early)
            if let single {
                files.append(single)
            } else if let index = listing.files[HubSnapshot.index] {
                files.append(index)
                let text = try await contents(of: index, store, &early)
                files += try HubSelection.shards(inIndex: text, of: listing, repository)
            }
        }
        try await fetch(files, store, early: early)
        try store.setReference(revision)
        emit(.finished(store.snapshot, files: files.map(\.path).sorted()))
    }

    /// Refuses a model that could not be used before its gigabytes are fetched. A gated repository
    /// refuses here, too.
    private func checkConfiguration(
        _ listing: HubListing, _ store: HubStore, _ early: inout [String: Bool]
    ) async throws {
        guard let file = listing.files["config.json"] else { return }
        let text = try await contents(of: file, store, &early)
        do throws(ModelConfigurationError) {
            _ = try ModelConfiguration(parsing: Array(text), path: "config.json of \(repository)")
        } catch {
            throw HubError.unusable(error)
        }
    }

    /// Fetches a small file now and reads it.
    private func contents(
        of file: HubFile, _ store: HubStore, _ early: inout [String: Bool]
    ) async throws -> Data {
        guard file.size <= 1 << 26 else {
            throw HubError.unexpected(
                what: "\(file.path) of \(repository)", why: "it has \(file.size) bytes")
        }
        let silent = HubProgress(total: file.size, clock: requests.caller.clock) { _ in }
        early[file.path] = try await download(file, [file.path], store).run(silent)
        guard let text = FileManager.default.contents(atPath: store.entry(file.path).path) else {
            throw HubError.file(.notFound(path: store.entry(file.path).path))
        }
        return text
    }

    private func download(_ file: HubFile, _ paths: [String], _ store: HubStore) -> HubDownload {
        HubDownload(
            requests: requests, store: store, file: file, paths: paths,
            timeout: settings.downloadTimeout)
    }

    /// Fetches what is not here, the smallest first.
    ///
    /// - Parameter early: Whether those that were fetched before had been here already.
    private func fetch(_ files: [HubFile], _ store: HubStore, early: [String: Bool]) async throws {
        let groups = Dictionary(grouping: files, by: \.sum.text).values.compactMap { files in
            files.first.map { (file: $0, paths: files.map(\.path).sorted()) }
        }.sorted { ($0.file.size, $0.paths[0]) < ($1.file.size, $1.paths[0]) }
        let total = groups.reduce(0) { $0 + $1.file.size }
        let present = groups.reduce(0) {
            $0 + store.presentByteCount(of: $1.file, paths: $1.paths)
        }
        emit(
            .planned(
                HubPlan(
                    repository: repository, revision: revision, commit: store.snapshot.commit,
                    fileCount: files.count, byteCount: total, presentByteCount: present,
                    cache: store.snapshot.cache.directory)))
        try checkSpace(for: total - present, in: store.snapshot.cache.directory)
        let progress = HubProgress(total: total, clock: requests.caller.clock, emit: emit)
        try await withThrowingTaskGroup(of: (paths: [String], HubFile, Bool).self) { tasks in
            var waiting = groups.makeIterator()
            func start() -> Bool {
                guard let (file, paths) = waiting.next() else { return false }
                let download = download(file, paths, store)
                tasks.addTask { (paths, file, try await download.run(progress)) }
                return true
            }
            for _ in 0..<Self.width where !start() { break }
            while let (paths, file, wasPresent) = try await tasks.next() {
                for path in paths {
                    emit(
                        .file(
                            path: path, byteCount: file.size,
                            wasPresent: early[path] ?? wasPresent))
                }
                _ = start()
            }
        }
    }

    private func checkSpace(for byteCount: Int, in folder: URL) throws(HubError) {
        let needed = byteCount + byteCount / 20
        guard byteCount > 0, let available = freeSpace(folder), available < needed else { return }
        throw .noSpace(path: folder.path, needed: needed, available: available)
    }

    /// The cache of all programs, or ours where that cannot be written; nil when the work is done
    /// because the first has everything.
    private func openStore(_ commit: String) throws -> HubStore? {
        func store(_ cache: URL) -> HubStore {
            HubStore(
                snapshot: HubSnapshot(
                    repository: repository, commit: commit, cache: HubCache(cache)),
                disablesLinks: settings.disablesLinks)
        }
        let shared = store(settings.cache)
        do throws(HubError) {
            try shared.prepare()
            return shared
        } catch {
            if isComplete(shared.snapshot) {
                finish(shared.snapshot, nil)
                return nil
            }
            emit(
                .notice(
                    .warning(
                        service: HubRequests.service,
                        "\(error.description); the model goes to \(settings.ownCache.path)")))
        }
        let own = store(settings.ownCache)
        try own.prepare()
        return own
    }

    /// What a cache has of the revision, when it is complete.
    private func cached() -> HubSnapshot? {
        [settings.cache, settings.ownCache].lazy
            .compactMap { HubCache($0).snapshot(of: repository, revision: revision) }
            .first { isComplete($0) }
    }

    private func isComplete(_ snapshot: HubSnapshot) -> Bool {
        switch selection {
        case .model: snapshot.missing.isEmpty
        case .tokenizer: snapshot.has("tokenizer.json")
        }
    }

    /// Ends with what a cache has.
    private func finish(_ snapshot: HubSnapshot, _ notice: ServiceNotice?) {
        if let notice { emit(.notice(notice)) }
        emit(
            .notice(
                .note(
                    service: HubRequests.service,
                    "the cache has \(repository) at commit \(snapshot.commit)")))
        emit(.finished(snapshot, files: snapshot.files))
    }
}
