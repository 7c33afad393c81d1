internal import Baking
internal import Foundation

/// `tinker.json` in a checkpoint's directory: where at which server the checkpoint lies. It holds no
/// key.
struct TinkerCheckpointFile: Hashable, Codable {
    static let name = "tinker.json"
    static let currentFormat = 1

    var format = TinkerCheckpointFile.currentFormat
    /// The server's base URL.
    var server: String
    /// As the server names it.
    var model: String
    /// Weights and optimiser.
    var statePath: String
    /// Weights for sampling and download.
    var samplerPath: String
    /// Steps done.
    var step: Int
    var rank: Int
    /// What was asked for; the server has its own.
    var alpha: Double
    var saved: Date
    /// When the server forgets it; nil for never.
    var expires: Date?
    /// When the adapter was brought here; nil before.
    var fetched: Date?

    init(
        server: String, model: String, statePath: String, samplerPath: String, step: Int,
        rank: Int, alpha: Double, saved: Date, expires: Date?
    ) {
        self.server = Self.shown(server)
        self.model = model
        self.statePath = statePath
        self.samplerPath = samplerPath
        self.step = step
        self.rank = rank
        self.alpha = alpha
        self.saved = saved
        self.expires = expires
    }

    /// - Throws: ``BackendError/checkpoint(path:why:)`` when the file is missing or unusable.
    init(directory: URL) throws(BackendError) {
        let file = directory.appending(path: Self.name)
        func refused(_ why: String) -> BackendError { .checkpoint(path: file.path, why: why) }
        let limit = 1 << 20
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw refused("it is missing or cannot be read")
        }
        guard data.count <= limit else { throw refused("it is larger than 1 MiB") }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let read = try? decoder.decode(Self.self, from: data) else {
            throw refused("it is damaged")
        }
        guard read.format == Self.currentFormat else {
            throw refused("it has format \(read.format), known is \(Self.currentFormat)")
        }
        guard read.step >= 0, (1...1 << 16).contains(read.rank), read.alpha.isFinite,
            [read.statePath, read.samplerPath].allSatisfy({ $0.hasPrefix("tinker://") })
        else { throw refused("it is damaged") }
        self = read
    }

    func write(to directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try (encoder.encode(self) + [0x0A]).write(
            to: directory.appending(path: Self.name), options: .atomic)
    }

    /// A base URL without user, password, query and trailing slash: what may be written down.
    static func shown(_ server: String) -> String {
        guard var parts = URLComponents(string: server) else { return "" }
        (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
        var text = parts.string ?? ""
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
