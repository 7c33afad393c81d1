import Foundation
import Testing

@testable import Transformer

@Suite struct SamplerTests {
    private let pool = ThreadPool(threads: 2)

    private func logits(rows: Int, columns: Int, seed: UInt64 = 1) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        return Matrix(
            (0..<rows * columns).map { _ in Float(generator.uniform() * 12 - 6) },
            columnCount: columns)
    }

    /// 20,000 draws at one distribution.
    private func frequencies(_ settings: SamplingSettings, _ row: [Float]) -> [Double] {
        let count = 20_000
        let matrix = Matrix(
            (0..<count).flatMap { _ in row }, columnCount: row.count)
        var samplers = (0..<count).map { Sampler(settings, seed: UInt64($0)) }
        var result = [Double](repeating: 0, count: row.count)
        for token in Sampler.draw(matrix.rows, with: &samplers, pool: pool) {
            result[token.index] += 1 / Double(count)
        }
        return result
    }

    @Test(arguments: [0.5, 1, 1.7])
    func `tokens come as often as softmax says`(temperature: Double) {
        let row = logits(rows: 1, columns: 23).numbers
        let weights = row.map { exp(Double($0) / temperature) }
        let total = weights.reduce(0, +)
        let seen = frequencies(SamplingSettings(temperature: temperature), row)
        for (weight, frequency) in zip(weights, seen) {
            let share = weight / total
            #expect(abs(frequency - share) < 5 * (share * (1 - share) / 20_000).squareRoot() + 1e-4)
        }
    }

    @Test func `temperature 0 takes the lowest of the likeliest`() {
        var row = logits(rows: 1, columns: 100).numbers
        row[31] = 9
        row[64] = 9
        let seen = frequencies(SamplingSettings(temperature: 0), row)
        #expect(seen[31] > 0.999)
    }

    @Test func `restrictions keep only the likeliest`() {
        let row: [Float] = [0, 3, 1, 2, -1]  // shares 0.03, 0.64, 0.09, 0.23, 0.01
        let three = frequencies(SamplingSettings(temperature: 1, topK: 3), row)
        #expect(three[0] == 0 && three[4] == 0 && three[2] > 0)
        let most = frequencies(SamplingSettings(temperature: 1, topP: 0.8), row)
        #expect(most[1] + most[3] > 0.999 && most[2] == 0)
        #expect(abs(most[1] - exp(1) / (1 + exp(1))) < 0.02)
    }

    @Test(arguments: [(5, 5), (5, 16), (20, 61), (1, 1000), (64, 513)])
    func `top rows are sorted and their logprobs those of softmax`(topK: Int, columns: Int) {
        let matrix = logits(rows: 7, columns: columns, seed: UInt64(topK))
        matrix[3][columns - 1] = matrix[3][0]
        let before = matrix.numbers
        let rows = TopKRows(of: matrix, topK: topK, pool: pool)
        #expect(matrix.numbers == before)
        let all = logSoftmax(before, columnCount: columns)
        for row in 0..<7 {
            let values = Array(all[row * columns..<(row + 1) * columns])
            let order = values.indices.sorted {
                (before[row * columns + $1], $0) < (before[row * columns + $0], $1)
            }
            let ids = rows.ids[row * topK..<(row + 1) * topK].map(\.index)
            #expect(ids == Array(order.prefix(topK)))
            for (rank, id) in ids.enumerated() {
                #expect(abs(Double(rows.logprobs[row * topK + rank]) - values[id]) < 1e-5)
            }
            let rest = order.dropFirst(topK).reduce(0.0) { $0 + exp(values[$1]) }
            let tail = Double(rows.tailLogMasses[row])
            if topK == columns {
                #expect(tail == -.infinity)
            } else {
                #expect(abs(tail - log(rest)) < 1e-4)
            }
        }
    }

    @Test func `the tail of a certain distribution keeps its precision`() {
        let row: [Float] = [40, 0, 1, 2, 3, 4, 5, 6]
        let rows = TopKRows(of: Matrix(row, columnCount: 8), topK: 1, pool: pool)
        let rest = (0...6).reduce(0.0) { $0 + exp(Double($1)) }
        #expect(abs(Double(rows.tailLogMasses[0]) - (log(rest) - 40)) < 1e-5)
    }

    @Test func `rows from elsewhere are checked`() throws {
        #expect(throws: DecoderError.self) {
            try TopKRows(topK: 2, ids: [1, 1], logprobs: [-1, -2], tailLogMasses: [-1])
        }
        #expect(throws: DecoderError.self) {
            try TopKRows(topK: 2, ids: [1, 2], logprobs: [-1, 0.5], tailLogMasses: [-1])
        }
        #expect(throws: DecoderError.self) {
            try TopKRows(topK: 2, ids: [1, 2, 3], logprobs: [-1, -2, -3], tailLogMasses: [-1])
        }
        #expect(throws: DecoderError.self) {
            try TopKRows(topK: 1, ids: [1], logprobs: [.nan], tailLogMasses: [-1])
        }
    }
}
