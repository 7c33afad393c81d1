import Baking
import Foundation
import ServiceSupport
import Testing
import Transformer

@testable import Backends

@Suite struct TinkerBackendLossTests {
    /// A random row and a student's log-probabilities of its tokens.
    private func sample(
        topK: Int, seed: UInt64, student: Double = 1
    ) -> (row: TopKRow, logprobs: [Double]) {
        var generator = SeededGenerator(seed: seed)
        func distribution(_ sharpness: Double) -> [Double] {
            let logits = (0...topK).map { _ in sharpness * (2 * generator.uniform() - 1) }
            let sum = log(logits.reduce(0) { $0 + exp($1) })
            return logits.map { $0 - sum }
        }
        let teacher = distribution(3)
        let likeliest = teacher[..<topK].sorted(by: >)
        let row = TopKRow(
            ids: (0..<topK).map { TokenID($0) }, logprobs: likeliest.map { Float($0) },
            tailLogMass: Float(teacher[topK]))
        return (row, Array(distribution(student)[..<topK]))
    }

    @Test(arguments: [1, 2, 5, 20])
    func `the weights are the slope of the K-plus-rest KL`(topK: Int) {
        for seed in 0..<UInt64(10) {
            let (row, logprobs) = sample(topK: topK, seed: seed, student: 2)
            let weights = TinkerTrainerLoss(row, logprobs).tailWeights
            for index in logprobs.indices {
                let distance = 1e-6
                let values = [-distance, distance].map { change in
                    var moved = logprobs
                    moved[index] += change
                    return TinkerTrainerLoss(row, moved).kl
                }
                let slope = (values[1] - values[0]) / (2 * distance)
                #expect(abs(weights[index] + slope) < 1e-6 * max(1, abs(slope)))
            }
        }
    }

    @Test func `the worked example has the known values`() {
        let p = [0.5, 0.3]
        let q = [0.4, 0.3, 0.2, 0.1]
        let row = TopKRow(
            ids: [0, 1], logprobs: p.map { Float(log($0)) }, tailLogMass: Float(log(0.2)))
        let loss = TinkerTrainerLoss(row, q[..<2].map { log($0) })
        #expect(abs(loss.kl - 0.0304787540) < 1e-7)
        #expect(abs(loss.truncated - 0.1115717757) < 1e-7)
        #expect(loss.agrees)
        // What a server makes of weights w: W · q − w in the logits.
        func gradient(_ weights: [Double]) -> [Double] {
            let total = weights.reduce(0, +)
            return q.indices.map { total * q[$0] - ($0 < 2 ? weights[$0] : 0) }
        }
        let tail = gradient(loss.tailWeights)
        for (left, right) in zip(tail, [-0.1, 0, 0.0666667, 0.0333333]) {
            #expect(abs(left - right) < 1e-6)
        }
        let truncated = gradient(row.probabilities)
        for (left, right) in zip(truncated, [-0.18, -0.06, 0.16, 0.08]) {
            #expect(abs(left - right) < 1e-6)
        }
    }

    @Test func `at the teacher's own distribution there is nothing to learn`() {
        let (row, _) = sample(topK: 8, seed: 3)
        let loss = TinkerTrainerLoss(row, row.logprobs.map(Double.init))
        #expect(abs(loss.kl) < 1e-6)
        let rest = exp(Double(row.tailLogMass))
        // W is then 0 in the rest and w − W · q is 0 inside: nothing moves.
        let total = loss.tailWeights.reduce(0, +)
        #expect(abs(total - (1 - rest - (1 - rest))) < 1e-6)
    }

    @Test func `a rest without mass and cells that are none add nothing`() {
        let (row, logprobs) = sample(topK: 4, seed: 9)
        var without = row
        without.tailLogMass = -.infinity
        let loss = TinkerTrainerLoss(without, logprobs)
        #expect(loss.kl == loss.truncated)
        #expect(loss.tailWeights == without.probabilities)
        let filled = TinkerTrainerLoss(
            row.filled(to: 7), logprobs + Array(repeating: -.infinity, count: 3))
        let plain = TinkerTrainerLoss(row, logprobs)
        #expect(filled.kl == plain.kl)
        #expect(filled.tailWeights == plain.tailWeights + [0, 0, 0])
        // A student that has driven the rest out has finite weights.
        let certain = TinkerTrainerLoss(row, [0, -40, -40, -40])
        #expect(certain.kl.isFinite && certain.tailWeights.allSatisfy(\.isFinite))
    }

    @Test(arguments: [1, 3, 20])
    func `the KL is never negative`(topK: Int) {
        for seed in 0..<UInt64(50) {
            let (row, logprobs) = sample(topK: topK, seed: seed)
            #expect(TinkerTrainerLoss(row, logprobs).kl > -1e-6)
        }
    }

    @Test func `a tail that float32 cannot tell from nothing is dropped`() {
        #expect(
            abs(TinkerScoring.tailLogMass([-0.5, -2]) - Float(log(1 - exp(-0.5) - exp(-2)))) < 1e-6)
        #expect(abs(TinkerScoring.tailLogMass([-1e-4]) - Float(log(1e-4))) < 1e-3)
        #expect(TinkerScoring.tailLogMass([0]) == -.infinity)
        #expect(TinkerScoring.tailLogMass([-1e-8]) == -.infinity)
        #expect(TinkerScoring.tailLogMass([1e-4, -8]) == -.infinity)
    }

    @Test func `seeds of 64 bits become 31, small ones stay`() {
        #expect(Int(seed: 7) == 7)
        #expect(Int(seed: .max) == 0)
        var generator = SeededGenerator(seed: 1)
        let seeds = (0..<100).map { _ in Int(seed: generator.next()) }
        #expect(seeds.allSatisfy { (0..<1 << 31).contains($0) } && Set(seeds).count == 100)
    }
}
