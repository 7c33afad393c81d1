import Backends
import Foundation
import Testing

@testable import ServiceSupport
@testable import Transformer

/// The server of the tests computes what it says.
@Suite struct TinkerEngineTests {
    private let engine: TinkerEngine

    init() throws {
        engine = try TinkerEngine(directory: LocalBackendTests.starter, base: "starter")
    }

    private func datum() -> TinkerDatum {
        TinkerDatum(
            tokens: [5, 9, 200, 31], targets: [9, 0, 200, 7, 31, 8, 40, 2],
            weights: [0, 0, 0.5, -0.25, 0.25, 0.1, 1, -0.5], columnCount: 2)
    }

    @Test func `its gradient is that of the loss, with weights of either sign`() async throws {
        let service = LocalTinkerService(engine)
        let model = try await service.makeModel("starter", TinkerAdapter(rank: 2, seed: 1))
        // B is zero at first, so that A has no gradient; a step makes both count.
        _ = try await model.pass([datum()], isTraining: true).value
        _ = try await model.step(Self.adam(rate: 0.02)).value
        let slope = try await engine.slope(model.id, datum())
        #expect(abs(slope.analytic - slope.measured) < 0.02 * abs(slope.measured))
        #expect(abs(slope.measured) > 1e-3)
    }

    @Test func `columns of a matrix are vectors beside one another`() async throws {
        let id = try await engine.makeModel(base: "starter", adapter: TinkerAdapter(rank: 2))
        let matrix = try await engine.pass(id, [datum()], isTraining: false).logprobs[0]
        for column in 0..<2 {
            let vector = TinkerDatum(
                tokens: datum().tokens,
                targets: stride(from: column, to: 8, by: 2).map { datum().targets[$0] },
                weights: [0, 0, 0, 0], columnCount: nil)
            let found = try await engine.pass(id, [vector], isTraining: false).logprobs[0]
            #expect(found == stride(from: column, to: 8, by: 2).map { matrix[$0] })
        }
    }

    private static func adam(rate: Double) -> TinkerAdam {
        TinkerAdam(
            learningRate: rate, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0,
            gradientClip: 0)
    }
}

extension TinkerEngine {
    /// The loss's slope along its gradient, and as two losses beside each other show it.
    func slope(
        _ id: String, _ datum: TinkerDatum
    ) throws -> (analytic: Double, measured: Double) {
        let model = try model(id)
        _ = try pass(id, [datum], isTraining: true)
        let gradient = Array(model.gradient.numbers)
        model.gradient.clear()
        let start = Array(model.adapter.parameters.numbers)
        let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let distance = 1e-2
        func loss(_ sign: Double) throws -> Double {
            for index in start.indices {
                model.adapter.parameters.numbers[index] =
                    start[index] + Float(sign * distance * Double(gradient[index]) / norm)
            }
            model.adapter.update(pool: decoder.pool)
            return try pass(id, [datum], isTraining: false).metrics["loss:sum"] ?? .nan
        }
        let measured = (try loss(1) - loss(-1)) / (2 * distance)
        return (norm, measured)
    }
}
