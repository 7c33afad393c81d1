import Foundation
import TestSupport
import Testing

@testable import Transformer

/// The loss of one row, by the kernel that training uses.
struct LossRow {
    var teacherLogits: [Float]
    var studentLogits: [Float]
    var ids: [TokenID]
    var logprobs: [Float]
    var tailLogMass: Float
    var target: TokenID = 0

    /// The teacher's `topK` likeliest of its logits.
    init(teacher: [Float], student: [Float], topK: Int, target: TokenID = 0) {
        let rows = TopKRows(
            of: Matrix(teacher, columnCount: teacher.count), topK: topK, pool: LossRow.pool)
        teacherLogits = teacher
        studentLogits = student
        ids = rows.ids
        logprobs = rows.logprobs
        tailLogMass = rows.tailLogMasses[0]
        self.target = target
    }

    init(
        teacher: [Float], student: [Float], ids: [TokenID], logprobs: [Float], tailLogMass: Float,
        target: TokenID
    ) {
        teacherLogits = teacher
        studentLogits = student
        self.ids = ids
        self.logprobs = logprobs
        self.tailLogMass = tailLogMass
        self.target = target
    }

    private static let pool = ThreadPool(threads: 1)

    func evaluate(
        _ kind: LossKind, weight: Float = 1
    ) throws -> (loss: Double, kl: Double, gradient: [Float]) {
        let targets = try LossTargets(
            [
                TrainingExample(
                    context: [0], response: [target],
                    topKRows: TopKRows(
                        topK: ids.count, ids: ids, logprobs: logprobs,
                        tailLogMasses: [tailLogMass]),
                    weights: [weight])
            ], totalWeight: 1, vocabularySize: studentLogits.count)
        let logits = Matrix(studentLogits, columnCount: studentLogits.count)
        let result = Kernels.klLoss(
            kind, logits: logits.rows, targets: targets, first: 0,
            teacherLogits: Matrix(teacherLogits, columnCount: teacherLogits.count).rows,
            wantsGradient: true, pool: Self.pool)
        return (result.losses[0], result.kls[0], logits.numbers)
    }
}

@Suite struct KLLossTests {
    private static let floor = 0.8 * log(0.8)
    private let worked = LossRow(
        teacher: [0.5, 0.3, 0.15, 0.05].map { Float(log($0)) },
        student: [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }, topK: 2)

    private func random(_ count: Int, seed: UInt64, scale: Double = 6) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.uniform() * scale) }
    }

    @Test(arguments: [
        (LossKind.full, 0.0337621058, [-0.1, 0, 0.05, 0.05]),
        (.tail, 0.0304787540, [-0.1, 0, 0.0666667, 0.0333333]),
        (.truncated, 0.1115717757, [-0.18, -0.06, 0.16, 0.08]),
        (.renormalised, 0.3626082709, [-0.225, -0.075, 0.2, 0.1]),
        (.renormalisedBoth, 0.0059333269, []),
        (.reverseFull, 0.0375937120, []),
        (.crossEntropy, 0.9162907319, [-0.6, 0.3, 0.2, 0.1]),
    ])
    func `the worked example gives the known numbers`(
        kind: LossKind, loss: Double, gradient: [Double]
    ) throws {
        let result = try worked.evaluate(kind)
        #expect(abs(result.loss - loss) < 1e-7)
        #expect(abs(result.kl - 0.0304787540) < 1e-7)
        for (ours, theirs) in zip(result.gradient, gradient) {
            #expect(abs(Double(ours) - theirs) < 1e-6)
        }
    }

    @Test func `a student like the teacher costs nothing but what renormalising adds`() throws {
        var row = worked
        row.studentLogits = row.teacherLogits
        for kind in [LossKind.full, .tail, .truncated, .reverseFull] {
            #expect(abs(try row.evaluate(kind).loss) < 1e-7)
        }
        #expect(abs(try row.evaluate(.renormalised).loss + log(0.8)) < 1e-7)
        row.studentLogits = [0.5 / 0.8, 0.3 / 0.8, 1e-9, 1e-9].map { Float(log($0)) }
        // The truncated form has its minimum elsewhere, below zero.
        #expect(abs(try row.evaluate(.truncated).loss - Self.floor) < 1e-6)
    }

    @Test(arguments: 1...40)
    func `the tail form lies between zero and the whole divergence`(seed: UInt64) throws {
        let size = 5 + Int(seed) * 7
        let topK = 1 + Int(seed) % min(size, 23)
        let row = LossRow(
            teacher: random(size, seed: seed), student: random(size, seed: seed + 100), topK: topK)
        let tail = try row.evaluate(.tail).loss
        let full = try row.evaluate(.full).loss
        #expect(tail >= -1e-7 && tail <= full + 1e-6)
        let whole = LossRow(
            teacher: row.teacherLogits, student: row.studentLogits, topK: size)
        #expect(whole.tailLogMass == -.infinity)
        #expect(abs(try whole.evaluate(.tail).loss - full) < 1e-5)
    }

    @Test(arguments: LossKind.allCases)
    func `gradients are those of finite differences and sum to zero`(kind: LossKind) throws {
        let size = 37
        let row = LossRow(
            teacher: random(size, seed: 1), student: random(size, seed: 2), topK: 6, target: 11)
        let gradient = try row.evaluate(kind, weight: 0.5).gradient
        #expect(abs(gradient.reduce(0.0) { $0 + Double($1) }) < 1e-6)
        for index in 0..<size {
            let step: Float = 1.0 / 128
            var (above, below) = (row, row)
            above.studentLogits[index] += step
            below.studentLogits[index] -= step
            let difference = try above.evaluate(kind).loss - below.evaluate(kind).loss
            let slope = difference / Double(2 * step)
            #expect(abs(Double(gradient[index]) - 0.5 * slope) < 1e-5)
        }
    }

    @Test func `without a tail mass the tail term is dropped`() throws {
        var row = worked
        row.tailLogMass = -.infinity
        #expect(try row.evaluate(.tail).loss == row.evaluate(.truncated).loss)
        #expect(try row.evaluate(.tail).gradient == row.evaluate(.truncated).gradient)
    }

    @Test func `a token without weight has no gradient`() throws {
        #expect(try worked.evaluate(.tail, weight: 0).gradient.allSatisfy { $0 == 0 })
    }
}

@Suite struct LossGoldenTests {
    static let cases: [String] = {
        let manifest = try? GoldenManifest("baking/manifest.json")
        return (try? manifest?["loss_cases"]["cases"].keys) ?? []
    }()

    @Test(arguments: cases)
    func `hand-made logits cost what they should`(name: String) throws {
        let entry = try GoldenManifest("baking/manifest.json")["loss_cases"]["cases"][name]
        let file = try SafetensorsFile.golden("baking/loss-cases")
        let target = try file.tokens(name + ".target")
        let row = LossRow(
            teacher: try file.floats(name + ".teacher_logits"),
            student: try file.floats(name + ".student_logits"),
            ids: try file.tokens(name + ".teacher_top_id"),
            logprobs: try file.floats(name + ".teacher_top_logprob"),
            tailLogMass: try file.floats(name + ".teacher_tail_logmass")[0], target: target[0])
        for kindName in try entry["loss"].keys {
            let kind = try #require(LossKind(rawValue: kindName))
            let result = try row.evaluate(kind)
            let expected = try entry["loss"][kindName].number
            #expect(abs(result.loss - expected) < 2e-5 * max(1, abs(expected)), "\(kindName)")
            let gradient = try file.floats("\(name).\(kindName).grad")
            #expect(largestDifference(result.gradient, gradient) < 1e-5, "\(kindName)")
        }
    }

    @Test(arguments: cases)
    func `a row is captured as the reference does`(name: String) throws {
        let entry = try GoldenManifest("baking/manifest.json")["loss_cases"]["cases"][name]
        let file = try SafetensorsFile.golden("baking/loss-cases")
        let teacher = try file.floats(name + ".teacher_logits")
        let row = LossRow(
            teacher: teacher, student: teacher, topK: try entry["top_k"].integer)
        let logprobs = try file.floats(name + ".teacher_top_logprob")
        #expect(largestDifference(row.logprobs, logprobs) < 1e-5)
        let tail = try file.floats(name + ".teacher_tail_logmass")[0]
        #expect(abs(row.tailLogMass - tail) < 1e-4)
    }
}
