package import Baking
package import Foundation

/// What a person should know of checkpoints that a server keeps for a while only.
package enum TinkerExpiry {
    /// How long before the end it is told.
    private static let notice: TimeInterval = 2 * 24 * 3600

    /// A notice for a run's checkpoints that are gone at the server or soon will be; none when all
    /// is well.
    ///
    /// - Parameter run: The run's directory.
    package static func warnings(in run: URL, now: Date) -> [Notice] {
        files(in: run).compactMap { directory, file in
            guard let expires = file.expires, expires.timeIntervalSince(now) < notice
            else { return nil }
            let isGone = expires <= now
            let time = expires.formatted(.iso8601)
            return Notice(
                "step \(file.step) \(isGone ? "expired" : "expires") at \(file.server) on \(time)",
                where: directory.path,
                remedy: file.fetched != nil
                    ? "its adapter is here; only training cannot go on from it"
                        + (isGone ? "" : " after that")
                    : isGone
                        ? "an earlier checkpoint is taken up, or the bake begins again"
                        : "go on with the bake, or fetch the adapter before")
        }
    }

    /// What deleting a run leaves at the server; nil when that is nothing.
    ///
    /// - Parameter run: The run's directory.
    package static func remains(of run: URL, now: Date) -> String? {
        let kept = files(in: run).map(\.file).filter { $0.expires.map { $0 > now } ?? true }
        guard let server = kept.first?.server else { return nil }
        let last = kept.map { $0.expires ?? .distantFuture }.max() ?? .distantFuture
        let time = last == .distantFuture ? "deleted" : last.formatted(.iso8601)
        let count = "\(kept.count) checkpoint\(kept.count == 1 ? "" : "s")"
        return "the weights of \(count) stay at \(server) until \(time); "
            + "oven checkpoints lists and deletes them"
    }

    /// By step; what cannot be read is left out.
    private static func files(
        in run: URL
    ) -> [(directory: URL, file: TinkerCheckpointFile)] {
        let place = run.appending(path: "checkpoints", directoryHint: .isDirectory)
        // No directory, no checkpoints.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.sorted().filter { $0.hasPrefix("step-") }.compactMap { name in
            let directory = place.appending(path: name, directoryHint: .isDirectory)
            return (try? TinkerCheckpointFile(directory: directory)).map { (directory, $0) }
        }
    }
}
