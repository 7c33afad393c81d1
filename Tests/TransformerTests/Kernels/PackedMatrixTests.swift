import Foundation
import Testing
import Transformer

/// A product's sizes, with rows that lie apart in memory.
private struct Shape: CustomTestStringConvertible, Sendable {
    let t: Int
    let n: Int
    let k: Int
    var xStride: Int { k + 3 }
    var yStride: Int { n + 5 }
    var testDescription: String { "\(t) x \(n) x \(k)" }

    static let all = [
        Shape(t: 1, n: 1, k: 1), Shape(t: 3, n: 8, k: 8), Shape(t: 7, n: 33, k: 17),
        Shape(t: 13, n: 100, k: 130), Shape(t: 1, n: 70, k: 1025), Shape(t: 2, n: 48, k: 2049),
        Shape(t: 97, n: 65, k: 31), Shape(t: 120, n: 32, k: 257), Shape(t: 40, n: 530, k: 32),
        Shape(t: 260, n: 12, k: 150), Shape(t: 9, n: 150, k: 1100),
    ]
}

private struct Setting: CustomTestStringConvertible, Sendable {
    let tier: KernelTier
    let type: NumberType
    let rounds: Bool
    var testDescription: String { "\(tier), \(type)\(rounds ? ", rounding" : "")" }

    /// Whether inputs are really rounded.
    var dots: Bool { rounds && type == .bfloat16 && tier.description.hasSuffix("bf16") }

    static let all = KernelTier.available.flatMap { tier in
        [
            Setting(tier: tier, type: .float32, rounds: true),
            Setting(tier: tier, type: .bfloat16, rounds: false),
            Setting(tier: tier, type: .bfloat16, rounds: true),
            Setting(tier: tier, type: .int8, rounds: true),
        ]
    }
}

/// Everything that the products of one shape read and wrote.
private struct Products: Equatable {
    var w: [Float]
    var x: [Float]
    var dy: [Float]
    var y: [Float]
    var dx: [Float]
    var dw: [Float]

    init(_ shape: Shape) {
        var numbers = SampleNumbers(seed: UInt64(shape.t * 1_000_003 + shape.n * 1009 + shape.k))
        w = numbers.array(shape.n * shape.k)
        x = numbers.array(shape.t * shape.xStride)
        dy = numbers.array(shape.t * shape.yStride)
        y = numbers.array(shape.t * shape.yStride)
        dx = numbers.array(shape.t * shape.xStride)
        dw = numbers.array(shape.n * shape.k)
    }

    /// Runs all three products, `step` rows a call.
    mutating func run(
        _ shape: Shape, _ setting: Setting, threads: Int, step: Int, accumulate: Bool
    ) {
        let pool = ThreadPool(threads: threads, tier: setting.tier)
        let matrix = w.withUnsafeBytes {
            PackedMatrix(
                rows: shape.n, columns: shape.k, packedAs: setting.type,
                from: $0.baseAddress.unsafelyUnwrapped, storedAs: .float32, pool: pool)
        }
        for row in stride(from: 0, to: shape.t, by: step) {
            let count = min(step, shape.t - row)
            let xStart = row * shape.xStride
            let yStart = row * shape.yStride
            x[xStart...].withUnsafeBufferPointer { x in
                dy[yStart...].withUnsafeBufferPointer { dy in
                    let x = x.baseAddress.unsafelyUnwrapped
                    let dy = dy.baseAddress.unsafelyUnwrapped
                    y.withUnsafeMutableBufferPointer {
                        matrix.multiply(
                            x, stride: shape.xStride, count: count,
                            into: $0.baseAddress.unsafelyUnwrapped + yStart,
                            stride: shape.yStride, accumulate: accumulate,
                            roundInput: setting.rounds, pool: pool)
                    }
                    dx.withUnsafeMutableBufferPointer {
                        matrix.multiplyBackward(
                            dy, stride: shape.yStride, count: count,
                            addingTo: $0.baseAddress.unsafelyUnwrapped + xStart,
                            stride: shape.xStride, roundGradient: setting.rounds, pool: pool)
                    }
                    PackedMatrix.addWeightGradient(
                        to: &dw, rows: shape.n, columns: shape.k, dy: dy, stride: shape.yStride,
                        x: x, stride: shape.xStride, count: count, pool: pool)
                }
            }
        }
    }
}

@Suite struct PackedMatrixTests {
    /// Sums of `count` products of numbers below 1: rounding errors grow like a random walk.
    private func tolerance(_ count: Int) -> Double { 4e-6 * Double(count).squareRoot() }

    @Test(arguments: Setting.all, Shape.all)
    private func `products agree with sums in double precision`(setting: Setting, shape: Shape) {
        let before = Products(shape)
        var after = before
        after.run(shape, setting, threads: 2, step: shape.t, accumulate: true)
        let w =
            switch setting.type {
            case .bfloat16: before.w.map(SampleNumbers.rounded)
            case .int8: SampleNumbers.inBytes(before.w, columns: shape.k)
            default: before.w
            }
        let x = setting.dots ? before.x.map(SampleNumbers.rounded) : before.x
        let dy = setting.dots ? before.dy.map(SampleNumbers.rounded) : before.dy
        var worst = (y: 0.0, dx: 0.0, dw: 0.0)
        for row in 0..<shape.t {
            for column in 0..<shape.yStride {
                let at = row * shape.yStride + column
                var sum = Double(before.y[at])
                if column < shape.n {
                    for k in 0..<shape.k {
                        sum += Double(x[row * shape.xStride + k]) * Double(w[column * shape.k + k])
                    }
                }
                worst.y = max(worst.y, abs(sum - Double(after.y[at])))
            }
            for column in 0..<shape.xStride {
                let at = row * shape.xStride + column
                var sum = Double(before.dx[at])
                if column < shape.k {
                    for n in 0..<shape.n {
                        sum += Double(dy[row * shape.yStride + n]) * Double(w[n * shape.k + column])
                    }
                }
                worst.dx = max(worst.dx, abs(sum - Double(after.dx[at])))
            }
        }
        for n in 0..<shape.n {
            for k in 0..<shape.k {
                var sum = Double(before.dw[n * shape.k + k])
                for row in 0..<shape.t {
                    sum +=
                        Double(before.dy[row * shape.yStride + n])
                        * Double(before.x[row * shape.xStride + k])
                }
                worst.dw = max(worst.dw, abs(sum - Double(after.dw[n * shape.k + k])))
            }
        }
        #expect(worst.y < tolerance(shape.k))
        #expect(worst.dx < tolerance(shape.n))
        #expect(worst.dw < tolerance(shape.t))
    }

    @Test(arguments: Setting.all, Shape.all)
    private func `bits depend neither on threads nor on how a batch is cut`(
        setting: Setting, shape: Shape
    ) {
        for accumulate in [false, true] {
            var whole = Products(shape)
            whole.run(shape, setting, threads: 1, step: shape.t, accumulate: accumulate)
            for (threads, step) in [(2, shape.t), (3, 7), (1, 1), (2, 2 + shape.t / 3)] {
                var cut = Products(shape)
                cut.run(shape, setting, threads: threads, step: step, accumulate: accumulate)
                #expect(cut == whole, "\(threads) threads, \(step) rows a call")
            }
        }
    }

    @Test(arguments: KernelTier.available, [(3, 5), (64, 16), (70, 33), (129, 200)])
    func `packed rows are the rows that were packed`(tier: KernelTier, size: (n: Int, k: Int)) {
        let pool = ThreadPool(threads: 2, tier: tier)
        var numbers = SampleNumbers(seed: 7)
        let floats = numbers.array(size.n * size.k)
        let halves = floats.map(SampleNumbers.bfloat16)
        let widened = halves.map(SampleNumbers.widened)
        for type in [NumberType.float32, .bfloat16] {
            let fromFloats = PackedMatrix(
                rows: size.n, columns: size.k, packedAs: type, from: floats, storedAs: .float32,
                pool: pool)
            let fromHalves = PackedMatrix(
                rows: size.n, columns: size.k, packedAs: type, from: halves, storedAs: .bfloat16,
                pool: pool)
            for row in 0..<size.n {
                let range = row * size.k..<(row + 1) * size.k
                let expected = type == .float32 ? floats : widened
                #expect(fromFloats.row(row) == Array(expected[range]))
                #expect(fromHalves.row(row) == Array(widened[range]))
            }
        }
        let bytes = PackedMatrix(
            rows: size.n, columns: size.k, packedAs: .int8, from: halves, storedAs: .bfloat16,
            pool: pool)
        let expected = SampleNumbers.inBytes(widened, columns: size.k)
        for row in 0..<size.n {
            #expect(bytes.row(row) == Array(expected[row * size.k..<(row + 1) * size.k]))
        }
    }

    @Test func `what is no number becomes 0 as int8`() {
        let pool = ThreadPool(threads: 1, tier: .best)
        let matrix = PackedMatrix(
            rows: 2, columns: 3, packedAs: .int8,
            from: [.nan, 1, -2, 0, 0, 0] as [Float], storedAs: .float32, pool: pool)
        let scale: Float = 2 / 127
        #expect(matrix.row(0) == [0, 64 * scale, -127 * scale])
        #expect(matrix.row(1) == [0, 0, 0])
    }

    @Test(arguments: KernelTier.available)
    func `every float16 is widened exactly`(tier: KernelTier) {
        let pool = ThreadPool(threads: 1, tier: tier)
        let halves = (0..<UInt16.max).map { $0 } + [UInt16.max]
        let matrix = PackedMatrix(
            rows: 256, columns: 256, packedAs: .float32, from: halves, storedAs: .float16,
            pool: pool)
        for row in 0..<256 {
            for (column, number) in matrix.row(row).enumerated() {
                let half = halves[row * 256 + column]
                let exponent = Int(half >> 10 & 31)
                let mantissa = Float(half & 0x3ff) / 1024
                let magnitude: Float =
                    switch exponent {
                    case 0: mantissa * 0x1p-14
                    case 31: mantissa == 0 ? .infinity : .nan
                    default:
                        (1 + mantissa) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
                    }
                #expect(number.sign == (half >> 15 == 0 ? .plus : .minus))
                #expect(magnitude.isNaN ? number.isNaN : number.magnitude == magnitude)
            }
        }
    }

    @Test(arguments: KernelTier.available)
    func `a number that is none stays in its row or column`(tier: KernelTier) {
        let pool = ThreadPool(threads: 1, tier: tier)
        let (t, n, k) = (7, 70, 33)
        var x = [Float](repeating: 1, count: t * k)
        var w = [Float](repeating: 1, count: n * k)
        x[2 * k + 32] = Float(bitPattern: 0x7fff_ffff)
        w[69 * k + 32] = .infinity
        let matrix = PackedMatrix(
            rows: n, columns: k, packedAs: .bfloat16, from: w, storedAs: .float32, pool: pool)
        var y = [Float](repeating: .nan, count: t * n)
        matrix.multiply(x, stride: k, count: t, into: &y, stride: n, roundInput: true, pool: pool)
        for row in 0..<t {
            for column in 0..<n {
                let value = y[row * n + column]
                if row == 2 {
                    #expect(value.isNaN)
                } else {
                    #expect(value == (column == 69 ? .infinity : Float(k)))
                }
            }
        }
    }
}

extension PackedMatrix {
    fileprivate func row(_ index: Int) -> [Float] {
        var row = [Float](repeating: 0, count: columns)
        copyRow(index, to: &row)
        return row
    }
}
