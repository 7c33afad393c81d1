import Testing

@testable import Terminal

@Suite struct ChartTicksTests {
    @Test func `texts of steps never touch nor repeat`() {
        var numbers = SeededNumbers(state: 2)
        for _ in 0..<3000 {
            let power = Int.random(in: 0...18, using: &numbers)
            let large = Double.random(in: 0...1, using: &numbers) * tenth(power)
            let width = Double.random(in: 0...1, using: &numbers) * tenth(power / 2)
            let window = ChartWindow(lower: large, upper: large + width)
            let columns = Int.random(in: 1...250, using: &numbers)
            let ticks = ChartTicks.steps(
                window, columns: columns, left: 5, taken: nil, glyphs: .braille)
            #expect(Set(ticks.map(\.text)).count == ticks.count)
            for (tick, next) in zip(ticks, ticks.dropFirst()) {
                #expect(tick.cells.upperBound < next.cells.lowerBound)
            }
            #expect(ticks.allSatisfy { (0..<columns).contains($0.column) })
            #expect(ticks.allSatisfy { $0.cells.upperBound <= columns })
        }
    }

    private func tenth(_ power: Int) -> Double {
        (0..<power).reduce(1.0) { value, _ in value * 10 }
    }

    @Test(arguments: [false, true])
    func `texts of values never repeat and have a row between them`(isLog: Bool) {
        var numbers = SeededNumbers(state: 3)
        for _ in 0..<3000 {
            let power = Int.random(in: 0...300, using: &numbers)
            let scale = Bool.random(using: &numbers) ? tenth(power) : 1 / tenth(power)
            let low = Double.random(in: (isLog ? 0.001 : -1)...1, using: &numbers) * scale
            let high = low + Double.random(in: 0...1, using: &numbers) * scale
            let rows = Int.random(in: 1...60, using: &numbers)
            let ticks = ChartTicks.values(
                ChartRange(isLog: isLog, fitting: low, high), rows: rows, glyphs: .braille)
            #expect(Set(ticks.map(\.text)).count == ticks.count)
            for (tick, next) in zip(ticks, ticks.dropFirst()) { #expect(tick.row - next.row >= 2) }
            #expect(ticks.allSatisfy { (0..<rows).contains($0.row) && $0.text.cellCount <= 12 })
            if rows >= 12 { #expect(ticks.count >= 2) }
        }
    }

    @Test(arguments: [
        (0.0843, "0.0843"), (3.9, "3.90"), (1234, "1234"), (0, "0"), (1.234e-7, "1.23e-7"),
        (2.5e9, "2.50e9"), (-0.5, "-0.500"), (.nan, "not finite"), (0.99999, "1.00"),
    ])
    func `numbers have three digits`(value: Double, text: String) {
        #expect(ChartNumber.text(value) == text)
    }

    @Test(arguments: [
        (800, 200, "800"), (1200, 200, "1.2k"), (1000, 200, "1k"), (1005, 5, "1005"),
        (12000, 1000, "12k"), (3_000_000, 500_000, "3M"), (0, 1, "0"),
    ])
    func `large steps are short`(step: Double, spacing: Double, text: String) {
        #expect(ChartNumber.step(step, spacing: spacing) == text)
    }

    @Test(arguments: [
        (1, -2, "0.01"), (5, -3, "0.005"), (2, 0, "2"), (1, 3, "1000"), (2, 4, "20k"),
        (1, 6, "1e6"), (5, -7, "5e-7"),
    ])
    func `decades are short`(digit: Int, exponent: Int, text: String) {
        #expect(ChartNumber.tick(digit, exponent: exponent) == text)
    }

    @Test func `equal values get an axis around them`() {
        for value in [0, 1, -3, 1e300, -1e308, .leastNonzeroMagnitude, 1.7e308] {
            let range = ChartRange(isLog: false, fitting: value, value)
            #expect(range.low < range.high && range.low.isFinite && range.high.isFinite)
            #expect(range.contains(value))
        }
        #expect(ChartRange(isLog: false, fitting: 0.1, 4).low == 0)
        #expect(ChartRange(isLog: false, fitting: -1e308, 1e308).share(0) == 0.5)
    }
}
