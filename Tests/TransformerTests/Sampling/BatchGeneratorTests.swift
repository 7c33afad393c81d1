import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct BatchGeneratorTests {
    private let golden: GoldenModel
    private let prompt: [TokenID] = (0..<45).map { TokenID(($0 * 37 + 11) % 400) }

    init() throws {
        let name = try #require(Golden.cases(in: "models", containing: "manifest.json").first)
        golden = try GoldenModel("models/\(name)")
    }

    private func request(_ id: Int, after cache: KVCache?, topK: Int? = 5) -> GenerationRequest {
        let context = (0...(id % 7 * 5)).map { TokenID(($0 * 13 + id * 7) % 400) }
        return GenerationRequest(
            id: id, after: cache, context: (cache == nil ? prompt : []) + context,
            sampling: SamplingSettings(temperature: [0, 0.5, 1, 2][id % 4]), seed: UInt64(id),
            maximumTokenCount: 5 + id % 11, stopTokens: [TokenID(3), TokenID(9), TokenID(77)],
            capturedTopK: topK)
    }

    private func run(
        _ generator: BatchGenerator, _ requests: [GenerationRequest]
    ) throws -> [Int: GeneratedSequence] {
        requests.forEach(generator.submit)
        var results: [Int: GeneratedSequence] = [:]
        var streamed: [Int: [TokenID]] = [:]
        while !generator.isIdle {
            for event in try generator.step() {
                switch event {
                case .token(let id, let token): streamed[id, default: []].append(token)
                case .finished(let sequence): results[sequence.id] = sequence
                }
            }
        }
        #expect(results.mapValues(\.tokens) == streamed)
        return results
    }

    @Test func `a sequence does not depend on those beside it`() throws {
        let decoder = try golden.decoder(precision: .bfloat16, threads: 2)
        let cache = try decoder.prefill([prompt])[0]
        let together = try run(
            BatchGenerator(decoder, capacity: 16), (0..<70).map { request($0, after: cache) })
        #expect(together.count == 70)
        let single = try golden.decoder(precision: .bfloat16, threads: 1)
        for id in stride(from: 0, to: 70, by: 3) {
            // Alone, without a cache before it, and with its context in small pieces.
            let alone = try run(
                BatchGenerator(single, capacity: 1, stepTokenCount: 7), [request(id, after: nil)])
            #expect(alone[id]?.tokens == together[id]?.tokens)
            #expect(alone[id]?.topKRows == together[id]?.topKRows)
        }
        #expect(Set(together.values.map(\.stopReason)).count == 2)
    }

    @Test func `captured rows are the distributions the tokens were drawn from`() throws {
        let decoder = try golden.decoder(precision: .bfloat16)
        let results = try run(BatchGenerator(decoder), [request(2, after: nil)])
        let result = try #require(results[2])
        let context = request(2, after: nil).context
        let whole = context + result.tokens
        let hidden = try decoder.hidden([
            DecoderInput(whole, wanted: context.count - 1..<whole.count - 1)
        ])
        let rows = TopKRows(of: decoder.logits(hidden), topK: 5, pool: decoder.pool)
        #expect(result.topKRows == rows)
    }

    @Test func `a sequence ends with its stop token or at its maximum`() throws {
        let decoder = try golden.decoder(precision: .bfloat16)
        var first = request(1, after: nil)
        first.stopTokens = []
        let free = try #require(try run(BatchGenerator(decoder), [first])[1])
        #expect(free.stopReason == .length && free.tokens.count == first.maximumTokenCount)
        #expect(free.cache.count == first.context.count + free.tokens.count - 1)
        let stop = free.tokens[2]
        first.stopTokens = [stop]
        let stopped = try #require(try run(BatchGenerator(decoder), [first])[1])
        let end = try #require(free.tokens.firstIndex(of: stop))
        #expect(stopped.stopReason == .end && stopped.tokens == Array(free.tokens[...end]))
    }

    @Test func `a stopped step can be made again`() throws {
        struct Stop: Error {}
        let decoder = try golden.decoder(precision: .bfloat16)
        let requests = (0..<6).map { request($0, after: nil) }
        let expected = try run(BatchGenerator(decoder), requests)
        let generator = BatchGenerator(decoder)
        requests.forEach(generator.submit)
        var results: [Int: [TokenID]] = [:]
        var layers = 0
        while !generator.isIdle {
            do {
                let events = try generator.step {
                    layers += 1
                    if layers % 5 == 0 { throw Stop() }
                }
                for case .finished(let sequence) in events {
                    results[sequence.id] = sequence.tokens
                }
            } catch is Stop {}
        }
        #expect(results == expected.mapValues(\.tokens))
    }

    @Test func `a cancelled sequence is heard of no more`() throws {
        let decoder = try golden.decoder(precision: .bfloat16)
        let generator = BatchGenerator(decoder, capacity: 2)
        (0..<5).forEach { generator.submit(request($0, after: nil)) }
        _ = try generator.step()
        generator.cancel(id: 0)
        generator.cancel(id: 4)
        var finished: Set<Int> = []
        while !generator.isIdle {
            for case .finished(let sequence) in try generator.step() {
                finished.insert(sequence.id)
            }
        }
        #expect(finished == [1, 2, 3])
    }
}
