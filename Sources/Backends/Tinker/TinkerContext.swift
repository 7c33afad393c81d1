internal import Baking
internal import Foundation
internal import Transformer

/// What all parts of a backend know.
struct TinkerContext: Sendable {
    let service: any TinkerService
    /// As the server names the model.
    let remoteName: String
    /// Most tokens of a sequence.
    let contextLength: Int
    let vocabularySize: Int
    /// nil when the model's shapes are unknown.
    let configuration: ModelConfiguration?
    /// Finds out what the server can do.
    let findOut: @Sendable () async throws -> TinkerProbe
    private let found = TinkerOnce<TinkerProbe>()
    private let said = Said()

    /// What a person was told.
    private actor Said {
        private var texts: Set<String> = []

        func isNews(_ text: String) -> Bool { texts.insert(text).inserted }
    }

    let options: TinkerBackendOptions
    let clock: any ServiceClock
    let notify: @Sendable (ServiceNotice) -> Void

    init(
        service: any TinkerService, remoteName: String, contextLength: Int, vocabularySize: Int,
        configuration: ModelConfiguration?,
        findOut: @escaping @Sendable () async throws -> TinkerProbe, options: TinkerBackendOptions,
        clock: any ServiceClock, notify: @escaping @Sendable (ServiceNotice) -> Void
    ) {
        self.service = service
        self.remoteName = remoteName
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.configuration = configuration
        self.findOut = findOut
        self.options = options
        self.clock = clock
        self.notify = notify
    }

    /// What the server can do; found out once.
    func probe() async throws -> TinkerProbe { try await found.value(findOut) }

    /// Says `text` unless it was said.
    func warnOnce(_ text: String) async {
        if await said.isNews(text) { warn(text) }
    }

    func warn(_ text: String) { notify(.warning(service: options.serviceName, text)) }

    func note(_ text: String) { notify(.note(service: options.serviceName, text)) }

    /// Refuses a sequence that is longer than the model's context.
    func requireFit(_ tokenCount: Int, _ what: @autoclosure () -> String) throws(BackendError) {
        guard tokenCount <= contextLength else {
            throw .contextTooLong(tokens: tokenCount, limit: contextLength, what: what())
        }
    }

    /// What `file` names at the server, refused if that is another one or gone.
    func checkpoint(in directory: URL) throws -> TinkerCheckpointFile {
        let file = try TinkerCheckpointFile(directory: directory)
        guard file.server == TinkerCheckpointFile.shown(options.server) else {
            throw BackendError.refused(
                what: "checkpoint \(directory.path) is kept at \(file.server), not at "
                    + TinkerCheckpointFile.shown(options.server),
                remedy: "use that server, or a checkpoint whose adapter was fetched")
        }
        if let expires = file.expires, expires <= clock.date {
            throw BackendError.checkpoint(
                path: directory.path,
                why: "it expired at the server on \(expires.formatted(.iso8601))")
        }
        return file
    }
}
