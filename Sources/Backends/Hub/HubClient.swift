package import Baking
package import Foundation

/// Fetches models from the Hugging Face hub into the cache that Hugging Face's own tools use.
package struct HubClient: Sendable {
    private let settings: HubSettings
    private let token: Secret?
    private let tokenSource: String
    private let caller: HTTPCaller
    private let freeSpace: @Sendable (URL) -> Int?

    /// - Parameters:
    ///   - token: nil for public models; a wrong one makes those fail too.
    ///   - tokenSource: Where the token was, for messages; see ``HubToken``.
    ///   - freeSpace: Bytes that may be written to a folder; nil when that is not known.
    package init(
        _ settings: HubSettings, token: Secret?, tokenSource: String = "HF_TOKEN",
        caller: HTTPCaller, freeSpace: @escaping @Sendable (URL) -> Int? = Self.freeSpace
    ) {
        self.settings = settings
        self.token = token
        self.tokenSource = tokenSource
        self.caller = caller
        self.freeSpace = freeSpace
    }

    /// Fetches a model, or what of it is not here yet: up to three files at a time.
    ///
    /// Ending the iteration ends the work. What has come stays, and the next call, in this process
    /// or another, goes on from there. A model that could not be used is refused before its weights
    /// are fetched. Without network a complete model in the cache will do.
    ///
    /// - Parameter revision: A branch, a tag or a commit.
    /// - Returns: What happens, ``HubEvent/finished(_:files:)`` last. It throws ``HubError``.
    package func pull(
        _ repository: HubRepository, revision: String = "main",
        _ selection: HubSelection = .model
    ) -> AsyncThrowingStream<HubEvent, any Error> {
        AsyncThrowingStream { emit in
            let requests = HubRequests(
                address: HubAddress(endpoint: settings.endpoint), repository: repository,
                revision: revision, token: token, tokenSource: tokenSource, caller: caller,
                notify: { emit(.notice($0)) })
            let pull = HubPull(
                settings: settings, requests: requests, selection: selection,
                freeSpace: freeSpace, emit: emit)
            try await pull.run()
        }
    }

    /// Fetches what turns texts into tokens and back, into the same cache: for a model that runs
    /// elsewhere.
    ///
    /// - Throws: ``HubError`` or `CancellationError`.
    package func pullTokenizer(
        _ repository: HubRepository, revision: String = "main",
        notify: @Sendable (ServiceNotice) -> Void = { _ in }
    ) async throws -> HubSnapshot {
        for try await event in pull(repository, revision: revision, .tokenizer) {
            switch event {
            case .notice(let notice): notify(notice)
            case .finished(let snapshot, _): return snapshot
            case .planned, .progress, .file: break
            }
        }
        // A stream just ends when its task is cancelled.
        throw CancellationError()
    }

    /// What the file system says.
    package static func freeSpace(_ folder: URL) -> Int? {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (values?[.systemFreeSize] as? NSNumber)?.intValue
    }
}
