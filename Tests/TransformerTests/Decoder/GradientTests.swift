import Foundation
import TestSupport
import Testing

@testable import Transformer

/// Backward kernels against finite differences of Σ forward · probe, computed by the forward
/// kernel itself.
@Suite struct GradientTests {
    private let pool = ThreadPool(threads: 2)

    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64, around: Double = 0) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        return Matrix(
            (0..<rows * columns).map { _ in Float(around + generator.uniform() * 2 - 1) },
            columnCount: columns)
    }

    private func dot(_ left: Matrix, _ right: Matrix) -> Double {
        zip(left.numbers, right.numbers).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    /// Compares `gradient` with the slope of `value` in some elements of `input`.
    private func expectSlope(
        _ gradient: Matrix, of input: Matrix, _ name: String, value: () -> Double
    ) {
        let step: Float = 1.0 / 64
        let count = input.rowCount * input.columnCount
        for index in stride(from: 0, to: count, by: max(1, count / 40)) {
            let cell = (index / input.columnCount, index % input.columnCount)
            let old = input[cell.0][cell.1]
            func at(_ number: Float) -> Double {
                input[cell.0][cell.1] = number
                return value()
            }
            // Fourth order, so that single precision is the only error that counts.
            let slope =
                (8 * (at(old + step) - at(old - step)) - (at(old + 2 * step) - at(old - 2 * step)))
                / Double(12 * step)
            input[cell.0][cell.1] = old
            let difference = abs(Double(gradient[cell.0][cell.1]) - slope)
            #expect(difference < 2e-3 * max(1, abs(slope)), "\(name) \(index)")
        }
    }

    @Test(arguments: [(5, 1, 64), (3, 4, 24), (4, 2, 7), (1, 1, 100)])
    func `rmsnorm`(rows: Int, groups: Int, size: Int) {
        let x = matrix(rows, groups * size, seed: 1)
        let weight = matrix(1, size, seed: 2, around: 1)
        let probe = matrix(rows, groups * size, seed: 3)
        let y = Matrix(rowCount: rows, columnCount: groups * size)
        let inverse = Matrix(rowCount: rows, columnCount: groups)
        func forward() -> Double {
            Kernels.rmsNorm(
                y.rows, saving: inverse.rows, x.rows, weight: weight.rows, epsilon: 1e-5,
                pool: pool)
            return dot(y, probe)
        }
        _ = forward()
        let dx = Matrix(rowCount: rows, columnCount: groups * size)
        let dWeight = Matrix(rowCount: 1, columnCount: size)
        Kernels.rmsNormBackward(
            dx: dx.rows, dWeight: dWeight.rows, dy: probe.rows, x: x.rows, inverse: inverse.rows,
            weight: weight.rows, pool: pool)
        expectSlope(dx, of: x, "dx", value: forward)
        expectSlope(dWeight, of: weight, "dWeight", value: forward)
    }

    @Test(arguments: [(5, 64), (3, 7), (2, 33)])
    func `swiglu`(rows: Int, size: Int) {
        let gateUp = matrix(rows, 2 * size, seed: 1)
        let probe = matrix(rows, size, seed: 2)
        let y = Matrix(rowCount: rows, columnCount: size)
        let gradient = Matrix(rowCount: rows, columnCount: 2 * size)
        Kernels.swigluBackward(
            dGateUp: gradient.rows, dy: probe.rows, gateUp: gateUp.rows, pool: pool)
        expectSlope(gradient, of: gateUp, "dGateUp") {
            Kernels.swiglu(y.rows, gateUp: gateUp.rows, pool: pool)
            return dot(y, probe)
        }
        Kernels.swiglu(y.rows, gateUp: gateUp.rows, pool: pool)
        for (index, number) in y.numbers.enumerated() {
            let row = gateUp[index / size]
            let gate = Double(row[index % size])
            let expected = gate / (1 + exp(-gate)) * Double(row[size + index % size])
            #expect(abs(Double(number) - expected) < 1e-6)
        }
    }

    @Test func `rotation`() throws {
        var configuration = try GoldenModel("models/qwen3").configuration
        configuration.headSize = 12
        let table = RotaryTable(configuration)
        table.reserve(50)
        let positions: [Int32] = [0, 3, 49]
        let probe = matrix(3, 24, seed: 2)
        let x = matrix(3, 24, seed: 1)
        let gradient = Matrix(probe.numbers, columnCount: 24)
        Kernels.rope(gradient.rows, inverse: true, table, positions: positions, pool: pool)
        expectSlope(gradient, of: x, "dx") {
            let y = Matrix(x.numbers, columnCount: 24)
            Kernels.rope(y.rows, table, positions: positions, pool: pool)
            return dot(y, probe)
        }
    }

    @Test(arguments: [(4, 2, 16), (3, 1, 24), (2, 2, 40), (5, 5, 8)])
    func `attention`(heads: Int, keyHeads: Int, size: Int) {
        let lengths = [1, 7, 35]
        let count = lengths.reduce(0, +)
        let queries = matrix(count, heads * size, seed: 1)
        let keys = matrix(count, keyHeads * size, seed: 2)
        let values = matrix(count, keyHeads * size, seed: 3)
        let probe = matrix(count, heads * size, seed: 4)
        let out = Matrix(rowCount: count, columnCount: heads * size)
        let logSumExp = Matrix(rowCount: count, columnCount: heads)
        let scratch = Matrix(rowCount: 0, columnCount: 1)
        var plan = AttentionPlan()
        for length in lengths {
            let cache = KVCache(
                shape: KVShape(layerCount: 1, headCount: keyHeads, headSize: size))
            cache.extend(by: length)
            plan.append(rowCount: length, cache: cache)
        }
        func forward() -> Double {
            plan.attend(
                out: out.rows, logSumExp: logSumExp.rows, queries: queries.rows, keys: keys.rows,
                values: values.rows, layer: 0, headSize: size, scratch: scratch, pool: pool)
            return dot(out, probe)
        }
        _ = forward()
        let dQueries = Matrix(rowCount: count, columnCount: heads * size)
        let dKeys = Matrix(rowCount: count, columnCount: keyHeads * size)
        let dValues = Matrix(rowCount: count, columnCount: keyHeads * size)
        plan.attendBackward(
            dQueries: dQueries.rows, dKeys: dKeys.rows, dValues: dValues.rows, dOut: probe.rows,
            out: out.rows, logSumExp: logSumExp.rows, queries: queries.rows, keys: keys.rows,
            values: values.rows, headSize: size, scratch: scratch, pool: pool)
        expectSlope(dQueries, of: queries, "dQueries", value: forward)
        expectSlope(dKeys, of: keys, "dKeys", value: forward)
        expectSlope(dValues, of: values, "dValues", value: forward)
    }

    /// Every family and every set of targets, through the whole decoder: the loss falls along the
    /// gradient as fast as the gradient is long.
    @Test(
        arguments: Golden.cases(in: "models", containing: "manifest.json"),
        [
            AdapterTarget.allCases, AdapterTarget.block, [.query], [.value, .down], [.output],
            [.gate], [.unembedding],
        ])
    func `adapters of any targets`(model: String, targets: [AdapterTarget]) throws {
        let golden = try GoldenModel("models/\(model)")
        let decoder = try golden.decoder(precision: .stored)
        let adapter = Adapter(
            AdapterConfiguration(rank: 3, alpha: 6, targets: targets),
            for: golden.configuration)
        adapter.initialize(seed: 4)
        var generator = SeededGenerator(seed: 5)
        for entry in adapter.parameters.entries where entry.name.hasSuffix("lora_B.weight") {
            let numbers = adapter.parameters[entry.name]
            for index in numbers.indices { numbers[index] = Float(generator.uniform() - 0.5) / 9 }
        }
        let tokens = (0..<60).map { _ in TokenID(Int(generator.next() % 400)) }
        let examples = [(0..<9, 9..<14), (14..<15, 15..<40), (40..<59, 59..<60)].map {
            TrainingExample(context: Array(tokens[$0.0]), response: Array(tokens[$0.1]))
        }
        let trainer = AdapterTrainer(decoder, adapter, loss: .crossEntropy)
        let total = examples.reduce(0) { $0 + $1.totalWeight }
        _ = try trainer.accumulate(examples, totalWeight: total)
        let gradient = Array(trainer.gradient.numbers)
        let start = Array(adapter.parameters.numbers)
        let square = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }
        func loss(_ distance: Double) throws -> Double {
            for (index, number) in start.enumerated() {
                adapter.parameters.numbers[index] =
                    number + Float(distance / square) * gradient[index]
            }
            adapter.update(pool: decoder.pool)
            let losses = try decoder.losses(
                examples, .crossEntropy, adapter: AppliedAdapter(adapter))
            return losses.flatMap(\.losses).reduce(0, +) / total
        }
        let step = 1e-3 * min(1, square.squareRoot())
        let slope =
            (8 * (try loss(step) - loss(-step)) - (try loss(2 * step) - loss(-2 * step)))
            / (12 * step)
        #expect(abs(slope - 1) < 5e-3)
    }
}
