import Foundation
import Testing

@testable import Terminal

@Suite struct ChartSeriesTests {
    @Test func `bounds and best are those of the finite values`() {
        let series = ChartSamples.series([.nan, -2, 5, .infinity, 0.5, -2, -.infinity])
        #expect(series.minimum == -2)
        #expect(series.maximum == 5)
        #expect(series.smallestPositive == 0.5)
        #expect(series.best == ChartSeries.Sample(step: 1, value: -2))
        #expect(series.divergedStep == 6)
        #expect(ChartSamples.series([.nan]).minimum == nil)
        #expect(ChartSamples.series([.nan, .nan, 1]).divergedStep == nil)
        #expect(ChartSamples.series([1, .nan, .nan]).divergedStep == 1)
    }

    @Test func `the best of what should be high is the highest`() {
        var series = ChartSeries(name: "gap", role: .chartStudent, isHigherBetter: true)
        for (step, value) in [0.1, 0.9, 0.9, 0.4].enumerated() {
            series.append(step: step, value: value)
        }
        #expect(series.best == ChartSeries.Sample(step: 1, value: 0.9))
    }

    @Test(arguments: [(1, 0.6), (2, 0.9), (3, 0.99)])
    func `smoothing is the debiased average and gaps change nothing`(index: Int, weight: Double) {
        let values = [4, .nan, 2, 3, .infinity, 1.0]
        let shown = ChartSamples.series(values).curve(index)
        var numerator = 0.0
        var denominator = 0.0
        for (value, average) in zip(values, shown) {
            guard value.isFinite else {
                #expect(!average.isFinite)
                continue
            }
            // The closed form: a mean with weights 1, w, w², … back in time.
            numerator = weight * numerator + value
            denominator = weight * denominator + 1
            #expect(abs(average - numerator / denominator) < 1e-12)
        }
        #expect(abs(shown[0] - 4) < 1e-12)
    }

    @Test func `a constant stays itself however smoothed`() {
        let series = ChartSamples.series(Array(repeating: 3.5, count: 2000))
        for weight in ChartSeries.weights.indices {
            #expect(series.curve(weight).allSatisfy { abs($0 - 3.5) < 1e-9 })
        }
    }

    @Test func `the largest numbers stay finite`() {
        let series = ChartSamples.series(
            [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .greatestFiniteMagnitude])
        for weight in ChartSeries.weights.indices {
            #expect(series.curve(weight).allSatisfy { $0.isFinite })
        }
    }

    @Test func `what is removed leaves no trace`() {
        let whole = ChartSamples.bake()
        for end in [-1, 0, 1, 30, 63, 64, 70] {
            var cut = whole
            cut.truncate(after: end)
            var fresh = ChartSeries(name: "kl", role: .chartStudent)
            for (step, value) in zip(whole.steps, whole.values) where step <= end {
                fresh.append(step: step, value: value)
            }
            #expect(cut.steps == fresh.steps)
            #expect(cut.minimum == fresh.minimum)
            #expect(cut.maximum == fresh.maximum)
            #expect(cut.best == fresh.best)
            #expect(cut.curve(1) == fresh.curve(1))
        }
    }

    @Test func `a resumed run replaces what it repeats`() {
        var series = ChartSamples.series([5, 4, 3, 2, 1])
        series.append(step: 2, value: 7)
        #expect(series.steps == [0, 1, 2])
        #expect(series.values == [5, 4, 7])
        #expect(series.minimum == 4)
    }

    @Test func `the nearest sample is found`() {
        var series = ChartSeries(name: "kl", role: .chartStudent)
        #expect(series.nearestIndex(to: 3) == nil)
        for step in [10, 20, 20, 40] { series.append(step: step, value: 1) }
        for (place, index) in [(-5.0, 0), (14, 0), (16, 2), (20, 2), (29, 2), (31, 3), (1e18, 3)] {
            #expect(series.nearestIndex(to: place) == index)
        }
        #expect(series.index(at: 9) == nil)
        #expect(series.index(at: 39) == 2)
    }

    @Test func `a sentence says what a chart shows`() {
        var series = ChartSeries(name: "kl", unit: "nats", role: .chartStudent)
        for step in 0...420 { series.append(step: step, value: step <= 370 ? 0.0955 : 0.084) }
        series.append(step: 405, value: 0.079)
        for step in 406...420 { series.append(step: step, value: 0.084) }
        let text = ChartSentence.text(series, gapClosed: 0.912)
        #expect(
            text
                == "kl 0.084 nats at step 420, down 12 % in 50 steps, best 0.079 at 405, "
                + "91 % of the gap closed")
        for width in 0...120 {
            let short = ChartSentence.text(series, gapClosed: 0.912, width: width)
            #expect(short.cellCount <= width && text.hasPrefix(short))
        }
    }

    @Test(arguments: [
        ([], ""), ([2], "kl 2.0 at step 0, best 2.0 at 0"),
        ([2, 2], "kl 2.0 at step 1, level in 1 step, best 2.0 at 0"),
        ([2, .nan, .nan], "kl not finite at step 1, best 2.0 at 0"),
        ([.nan], "kl not finite at step 0"),
        ([-1, -2], "kl -2.0 at step 1, best -2.0 at 1"),
    ])
    func `a sentence survives odd values`(values: [Double], text: String) {
        #expect(ChartSentence.text(ChartSamples.series(values)) == text)
    }
}
