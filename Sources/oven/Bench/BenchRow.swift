/// One figure as a line of JSON.
struct BenchRow: Encodable {
    enum Direction: String, Encodable {
        case higher, lower
    }

    /// What holds the figure back, and the share of it that is reached; above 1 when weights stay
    /// in a cache, which is faster than memory.
    struct Limit: Encodable {
        enum Kind: String, Encodable {
            case compute, bandwidth, none
        }

        var kind = Kind.none
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
    /// What else the runs gave, by name: in the unit of the figure, or in that at the name's end.
    var details: [String: Double]?
    var peer: Double?
    /// Times better than the peer.
    var ratio: Double?
    var peakBytes: Int

    init(_ figure: BenchFigure, shape: String, _ measurement: BenchMeasurement, peer: Double?) {
        let value = measurement.median
        self.figure = figure
        self.shape = shape
        self.value = value
        unit = figure.unit
        better = figure.better
        runs = measurement.values.count
        spread = measurement.spread
        limit = measurement.limit
        details = measurement.details.isEmpty ? nil : measurement.details
        self.peer = peer
        ratio = peer.flatMap { peer in
            guard peer > 0, value > 0 else { return nil }
            return figure.better == .higher ? value / peer : peer / value
        }
        peakBytes = measurement.peakByteCount
    }
}

/// What the runs of a figure gave.
struct BenchMeasurement {
    /// One per run, in the unit of the figure; not empty.
    var values: [Double]
    var limit = BenchRow.Limit()
    var details: [String: Double] = [:]
    var peakByteCount = ProcessMemory.peakByteCount

    var median: Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The smallest value that `share` of the values do not exceed.
    func quantile(_ share: Double) -> Double {
        let rank = Int((share * Double(values.count)).rounded(.up))
        return values.sorted()[max(0, min(values.count, rank) - 1)]
    }

    var spread: Double {
        guard let least = values.min(), let most = values.max(), median != 0 else { return 0 }
        return (most - least) / median
    }
}
