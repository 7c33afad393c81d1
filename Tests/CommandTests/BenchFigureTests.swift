import Testing

@testable import oven

@Suite struct BenchFigureTests {
    @Test func `the median of an even number of runs lies between the middle two`() {
        #expect(BenchMeasurement(values: [9, 1, 4, 2]).median == 3)
        #expect(BenchMeasurement(values: [5]).median == 5)
    }

    @Test func `a quantile is one of the values`() {
        let values = (1...200).reversed().map(Double.init)
        let measurement = BenchMeasurement(values: values)
        #expect(measurement.quantile(0.99) == 198)
        #expect(measurement.quantile(1) == 200)
        #expect(measurement.quantile(0) == 1)
        #expect(BenchMeasurement(values: [7]).quantile(0.99) == 7)
    }

    @Test func `rates are better when higher and everything else when lower`() {
        let rising = BenchFigure.allCases.filter { $0.better == .higher }
        #expect(rising.allSatisfy { $0.unit.hasSuffix("/s") })
        #expect(rising.contains(.decode1) && rising.contains(.bandwidth))
        #expect(BenchFigure.uiKey.better == .lower && BenchFigure.bake.better == .lower)
    }

    @Test func `a thread's time is the first number of its statistics`() {
        #expect(ProcessFigures.runTime("123456 789 12\n") == 123_456)
        #expect(ProcessFigures.runTime("") == nil)
    }

    @Test func `memory is found by the name of its line`() {
        let status = "Name:\toven\nVmRSS:\t   38192 kB\nRssAnon:\t    4324 kB\n"
        #expect(ProcessFigures.kibibytes("VmRSS", in: status) == 38_192)
        #expect(ProcessFigures.kibibytes("RssAnon", in: status) == 4324)
        #expect(ProcessFigures.kibibytes("VmSwap", in: status) == nil)
    }
}
