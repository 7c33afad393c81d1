import Foundation

/// One figure as a line of JSON.
struct BenchRow: Encodable {
    enum Direction: String, Encodable {
        case higher, lower
    }

    /// What holds the figure back, and the share of it that is reached.
    struct Limit: Encodable {
        enum Kind: String, Encodable {
            case compute, bandwidth, none
        }

        var kind: Kind
        var share: Double?
    }

    var figure: BenchFigure
    var shape: String
    /// The median of the runs.
    var value: Double
    var unit: String
    var better: Direction
    var runs: Int
    /// Largest minus smallest, over the median.
    var spread: Double
    var limit: Limit
    var peer: Double?
    /// Times better than the peer.
    var ratio: Double?
    var peakBytes: Int

    /// - Parameter values: One per run, not empty.
    init(
        _ figure: BenchFigure, shape: String, values: [Double], limit: Limit = Limit(kind: .none),
        peer: Double? = nil
    ) {
        precondition(!values.isEmpty)
        let sorted = values.sorted()
        let middle = sorted.count / 2
        let median =
            sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        self.figure = figure
        self.shape = shape
        value = median
        unit = figure.unit
        better = figure.better
        runs = values.count
        spread = median == 0 ? 0 : (sorted[sorted.count - 1] - sorted[0]) / median
        self.limit = limit
        self.peer = peer
        ratio = peer.flatMap { peer in
            guard peer > 0, median > 0 else { return nil }
            return figure.better == .higher ? median / peer : peer / median
        }
        peakBytes = Self.peakByteCount
    }

    /// The most memory this process ever held.
    private static var peakByteCount: Int {
        var usage = rusage()
        #if os(macOS)
            let bytesPerUnit = 1
            let result = getrusage(RUSAGE_SELF, &usage)
        #else
            let bytesPerUnit = 1024
            let result = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #endif
        return result == 0 ? usage.ru_maxrss * bytesPerUnit : 0
    }
}
