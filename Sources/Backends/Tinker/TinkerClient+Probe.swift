import Foundation
import Transformer

extension TinkerClient {
    /// Finds out what the server can do, with a throw-away model of `base`: two forward passes and up to
    /// three samples of four tokens.
    ///
    /// - Throws: ``TinkerError`` when not even a forward pass works.
    package func probe(_ base: String) async throws -> TinkerProbe {
        let models = try await models()
        let model = try await makeModel(base, TinkerAdapter(rank: 8))
        let matrix: TinkerProbe.Support
        do {
            matrix = try await matrixSupport(of: model)
        } catch {
            await model.unload()
            throw error
        }
        await model.unload()
        var probe = TinkerProbe(
            dialect: await dialects.current ?? .proto, models: models, hasMatrixTargets: matrix,
            hasTopK: .no(reason: "the server does not sample from \(base)"),
            hasPromptLogprobs: .no(reason: "the server does not sample from \(base)"),
            promptLogprobCount: 0, hasLastN: .no(reason: "log-probabilities of prompts are missing")
        )
        try await addScoring(of: base, to: &probe)
        return probe
    }

    private static let tokens: [TokenID] = [1, 2, 3, 4]

    private func matrixSupport(
        of model: any TinkerTrainingModel
    ) async throws -> TinkerProbe.Support {
        let next: [TokenID] = [2, 3, 4, 5]
        let vector = TinkerDatum(
            tokens: Self.tokens, targets: next, weights: [1, 1, 1, 1], columnCount: nil)
        let expected = try await model.pass([vector], isTraining: false).value.logprobs[0]
        let matrix = TinkerDatum(
            tokens: Self.tokens,
            targets: next.flatMap { [$0, TokenID(rawValue: $0.rawValue + 1)] },
            weights: [Float](repeating: 0.5, count: 8), columnCount: 2)
        let result: [Float]
        do {
            result = try await model.pass([matrix], isTraining: false).value.logprobs[0]
        } catch TinkerError.misaligned(_, let why) {
            return .no(reason: why)
        } catch TinkerError.failed(_, let why) {
            return .no(reason: why)
        }
        for (row, logprob) in expected.enumerated() {
            // Both are the same computation; servers round to bfloat16 at worst.
            guard abs(result[2 * row] - logprob) <= 1e-3 * max(1, abs(logprob)) else {
                return .no(reason: "the first of two targets does not come back as one alone does")
            }
        }
        return .yes
    }

    private func addScoring(of base: String, to probe: inout TinkerProbe) async throws {
        do {
            let sampler = try await makeSampler(.base(base))
            var request = TinkerSampleRequest(
                tokens: Self.tokens, maximumTokenCount: 1, temperature: 1, scoresTokens: true)
            let plain = try await sampler.sample(request)
            probe.promptLogprobCount = plain.logprobs.count
            probe.hasPromptLogprobs = Self.promptSupport(plain)
            request.topK = 2
            probe.hasTopK = try await support {
                Self.topKSupport(try await sampler.sample(request))
            }
            guard probe.hasPromptLogprobs.isYes else { return }
            request.topK = nil
            request.lastScored = 2
            probe.hasLastN = try await support {
                let last = try await sampler.sample(request)
                if await dialects.knowsLastN == false {
                    return .no(reason: "the server refuses the wish")
                }
                // Where the wish is ignored, the values of all come; the last two are the same.
                let count = last.logprobs.compactMap { $0 }.count
                guard
                    zip(last.logprobs.reversed(), plain.logprobs.reversed()).prefix(2).allSatisfy({
                        abs(($0 ?? .nan) - ($1 ?? .nan)) <= 1e-2
                    }), count >= 2
                else { return .no(reason: "the last two tokens are scored otherwise") }
                return count == 2 ? .yes : .no(reason: "the server scores all tokens anyway")
            }
            await dialects.settleLastN(probe.hasLastN.isYes)
        } catch TinkerError.failed(_, let why) {
            probe.hasPromptLogprobs = .no(reason: why)
            probe.hasTopK = .no(reason: why)
        } catch TinkerError.misaligned(_, let why) {
            probe.hasPromptLogprobs = .no(reason: why)
            probe.hasTopK = .no(reason: why)
        }
    }

    /// A refusal or an answer that does not fit is a no; everything else is thrown.
    private func support(
        _ ask: () async throws -> TinkerProbe.Support
    ) async throws -> TinkerProbe.Support {
        do {
            return try await ask()
        } catch TinkerError.failed(_, let why) {
            return .no(reason: why)
        } catch TinkerError.misaligned(_, let why) {
            return .no(reason: why)
        }
    }

    private static func promptSupport(_ sample: TinkerSample) -> TinkerProbe.Support {
        guard !sample.logprobs.isEmpty else { return .no(reason: "none came") }
        let last = sample.logprobs.suffix(tokens.count - 1)
        guard sample.logprobs.count >= tokens.count - 1,
            last.allSatisfy({ $0.map { $0.isFinite && $0 <= 1e-3 } == true })
        else {
            return .no(
                reason:
                    "\(sample.logprobs.count) entries for \(tokens.count) tokens, not all of them "
                    + "log-probabilities")
        }
        return .yes
    }

    private static func topKSupport(_ sample: TinkerSample) -> TinkerProbe.Support {
        guard !sample.topK.isEmpty else { return .no(reason: "none came") }
        let last = sample.topK.suffix(tokens.count - 1)
        guard last.count == tokens.count - 1 else {
            return .no(reason: "\(sample.topK.count) rows for \(tokens.count) tokens")
        }
        for row in last {
            guard let row, row.count >= 2 else {
                return .no(reason: "a row has fewer than the two tokens that were asked for")
            }
            let mass = row.reduce(0) { $0 + exp(Double($1.logprob)) }
            guard mass <= 1 + 1e-3, Set(row.map(\.token)).count == row.count else {
                return .no(reason: "a row is no distribution (mass \(mass))")
            }
        }
        return .yes
    }
}
