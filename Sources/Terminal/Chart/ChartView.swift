/// What part of a chart is looked at and how, apart from its data.
///
/// Commands change it; ``update(for:)`` follows the data; drawing only reads it.
package struct ChartView: Hashable, Sendable {
    /// What happens to the window as samples arrive.
    package enum State: String, Hashable, Sendable {
        /// Shows the last steps.
        case following
        /// Stays where it is.
        case frozen
        /// Shows everything.
        case all
    }

    /// Updates in a row that want a smaller range before it shrinks.
    package static let updatesBeforeShrinking = 10

    package internal(set) var state: State
    package internal(set) var isLog: Bool
    /// Which of ``ChartSeries/weights`` smooths.
    package internal(set) var weight: Int
    package internal(set) var showsOverlays: Bool
    /// The step of the sample under the cursor; nil while there is no cursor.
    package internal(set) var cursor: Int?

    /// The window while frozen.
    var frozenWindow = ChartWindow(lower: 0, upper: 0)
    /// Width of the window while following.
    var followedWidth: Double
    /// nil until the next update, where drawing fits the range to what is seen.
    private(set) var range: ChartRange?
    private var top = HeldBound()
    private var bottom = HeldBound()

    /// - Parameter followedSteps: Steps that are seen at most while following.
    package init(
        state: State = .following, isLog: Bool = false, weight: Int = 1,
        showsOverlays: Bool = true, followedSteps: Int = 500
    ) {
        precondition(ChartSeries.weights.indices.contains(weight))
        // Without a window to stay at there is nothing to be frozen.
        self.state = state == .frozen ? .all : state
        self.isLog = isLog
        self.weight = weight
        self.showsOverlays = showsOverlays
        followedWidth = max(ChartWindow.smallestWidth, Double(followedSteps))
    }

    /// The steps that are seen.
    package func window(of chart: Chart) -> ChartWindow {
        switch state {
        case .frozen: return frozenWindow
        case .all:
            let steps = chart.stepsWithRoom(withOverlays: showsOverlays) ?? 0...0
            return ChartWindow(
                lower: Double(steps.lowerBound), upper: Double(steps.upperBound))
        case .following:
            let steps = chart.steps(withOverlays: false) ?? 0...0
            let last = Double(steps.upperBound)
            return ChartWindow(
                lower: max(Double(steps.lowerBound), last - followedWidth), upper: last)
        }
    }

    /// The values that are seen: as updates left them, else those in the window; nil where there are
    /// none.
    package func range(of chart: Chart) -> ChartRange? {
        range ?? chart.fittingRange(in: self)
    }

    /// Follows the data; to be called once whenever some has arrived. The range of values grows at
    /// once and shrinks only after some updates, so that the picture does not breathe.
    package mutating func update(for chart: Chart) {
        if let step = cursor {
            cursor = chart.series.nearestIndex(to: Double(step)).map { chart.series.steps[$0] }
        }
        guard let wanted = chart.fittingRange(in: self) else { return refit() }
        if range?.isLog != wanted.isLog { refit() }
        range = ChartRange(
            isLog: isLog, low: -bottom.hold(-wanted.low), high: top.hold(wanted.high))
    }

    /// Lets the range of values fit what is seen, after a command has changed that.
    mutating func refit() {
        range = nil
        top = HeldBound()
        bottom = HeldBound()
    }
}

/// A bound that rises at once and falls late.
private struct HeldBound: Hashable, Sendable {
    private var value: Double?
    /// The highest of the lower bounds that were wanted lately, and how many there were in a row.
    private var lower = -Double.infinity
    private var count = 0

    mutating func hold(_ wanted: Double) -> Double {
        guard let held = value, wanted < held else { return settle(at: wanted) }
        lower = max(lower, wanted)
        count += 1
        return count < ChartView.updatesBeforeShrinking ? held : settle(at: lower)
    }

    private mutating func settle(at bound: Double) -> Double {
        self = HeldBound()
        value = bound
        return bound
    }
}
