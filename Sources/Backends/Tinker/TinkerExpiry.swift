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
        let place = run.appending(path: "checkpoints", directoryHint: .isDirectory)
        // No directory, no checkpoints.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.sorted().filter { $0.hasPrefix("step-") }.compactMap { name in
            let directory = place.appending(path: name, directoryHint: .isDirectory)
            guard let file = try? TinkerCheckpointFile(directory: directory),
                let expires = file.expires, expires.timeIntervalSince(now) < notice
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
}
