import Foundation
internal import Transformer

/// `wandb.json` of a run: where its lines went and how many were accepted. It has no key.
struct WandbRecord: Hashable, Sendable, Codable {
    static let file = "wandb.json"
    private static let largestByteCount = 1 << 16

    var format = 1
    /// The address of the service.
    var server: String
    /// The id there.
    var run: String
    /// nil while the service has not said.
    var entity: String?
    var project: String
    /// Lines of history the service has accepted.
    var acknowledged = 0
    /// What the run was ended with; nil while it is open.
    var exitCode: Int?

    init(server: String, run: String, entity: String?, project: String) {
        self.server = server
        self.run = run
        self.entity = entity
        self.project = project
    }

    /// The record in a run's directory; nil when there is none, or none of this service that can be
    /// used: then the run is sent anew.
    init?(directory: URL, server: String) {
        let file = directory.appending(path: Self.file)
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: Self.largestByteCount),
            let record = try? JSONDecoder().decode(WandbRecord.self, from: data),
            record.format == 1, record.server == server, Self.isIdentifier(record.run),
            record.acknowledged >= 0
        else { return nil }
        self = record
    }

    /// Writes it aside, then in its place.
    func write(to directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let file = try AtomicFile(path: directory.appending(path: Self.file).path)
        try file.append([UInt8](try encoder.encode(self)) + [0x0A])
        try file.commit()
    }

    /// Eight letters and digits, as the service's own are.
    static func newIdentifier() -> String {
        String((0..<8).compactMap { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() })
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
            }
    }
}
