import TestSupport
import Testing

@testable import Transformer

/// A token's numbers follow from its own sequence alone, to the last bit.
@Suite struct RowIndependenceTests {
    static let models = Golden.cases(in: "models", containing: "manifest.json")

    private func sequence(_ count: Int, seed: UInt64, below size: Int) -> [TokenID] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in TokenID(Int(generator.next() % UInt64(size))) }
    }

    /// All final states of one sequence computed alone on one thread.
    private func alone(
        _ golden: GoldenModel, _ tokens: [TokenID], tier: KernelTier? = nil
    ) throws -> [Float] {
        let decoder = try golden.decoder(precision: .bfloat16, threads: 1, tier: tier)
        return try decoder.hidden([DecoderInput(tokens, wanted: 0..<tokens.count)]).numbers
    }

    @Test(arguments: models, KernelTier.kinds)
    func `batching, threads and saving for a backward pass change no bit`(
        model: String, tier: KernelTier
    ) throws {
        let golden = try GoldenModel("models/\(model)")
        let size = golden.configuration.vocabularySize
        let tokens = sequence(83, seed: 1, below: size)
        let others = (2...6).map { sequence(7 * $0 + 3, seed: UInt64($0), below: size) }
        let expected = try alone(golden, tokens, tier: tier)
        let decoder = try golden.decoder(precision: .bfloat16, threads: 3, tier: tier)
        var inputs = others.map { DecoderInput($0) }
        inputs.insert(DecoderInput(tokens, wanted: 0..<tokens.count), at: 2)
        let batched = try decoder.hidden(inputs)
        #expect(batched.numbers(2..<2 + tokens.count) == expected)
        let saved = try decoder.forward(
            inputs, adapter: nil, saving: decoder.makeActivations(), check: {})
        #expect(saved.numbers == batched.numbers)
    }

    @Test(
        arguments: models.flatMap { model in KernelTier.kinds.map { (model, $0) } },
        [[1], [2, 1, 5], [33, 40], [64, 1, 1], [31, 32]])
    func `cached pieces give the bits of the whole`(
        place: (model: String, tier: KernelTier), pieces: [Int]
    ) throws {
        let (model, tier) = place
        let golden = try GoldenModel("models/\(model)")
        let tokens = sequence(83, seed: 9, below: golden.configuration.vocabularySize)
        let expected = try alone(golden, tokens, tier: tier)
        let decoder = try golden.decoder(precision: .bfloat16, threads: 2, tier: tier)
        let cache = decoder.makeCache()
        var states: [Float] = []
        var start = 0
        var index = 0
        while start < tokens.count {
            let count = min(pieces[index % pieces.count], tokens.count - start)
            let piece = Array(tokens[start..<start + count])
            states += try decoder.hidden([
                DecoderInput(piece, cache: cache, wanted: 0..<count)
            ]).numbers
            start += count
            index += 1
        }
        #expect(states == expected)
    }

    @Test(arguments: models)
    func `forks of a prompt go on as if they were alone`(model: String) throws {
        let golden = try GoldenModel("models/\(model)")
        let size = golden.configuration.vocabularySize
        let prompt = sequence(37, seed: 3, below: size)
        let turn = sequence(11, seed: 4, below: size)
        let decoder = try golden.decoder(precision: .bfloat16, threads: 2)
        let root = decoder.makeCache()
        _ = try decoder.hidden([DecoderInput(prompt, cache: root, wanted: 0..<0)])
        let branch = root.fork()
        _ = try decoder.hidden([DecoderInput(turn, cache: branch, wanted: 0..<0)])
        let ends = (0..<5).map { sequence(3 + 13 * $0, seed: UInt64(20 + $0), below: size) }
        // Forks of both depths in one batch, and the root goes on too.
        let inputs = ends.enumerated().map { index, end in
            DecoderInput(
                end, cache: (index % 2 == 0 ? branch : root).fork(), wanted: 0..<end.count)
        }
        let rootEnd = sequence(5, seed: 99, below: size)
        let states = try decoder.hidden(inputs + [DecoderInput(rootEnd, cache: root)])
        var row = 0
        for (index, end) in ends.enumerated() {
            let before = index % 2 == 0 ? prompt + turn : prompt
            let whole = try alone(golden, before + end)
            let columns = golden.configuration.hiddenSize
            #expect(
                states.numbers(row..<row + end.count)
                    == Array(whole[(before.count * columns)...]))
            row += end.count
        }
    }

    @Test func `a cancelled pass leaves the cache as it was`() throws {
        struct Stop: Error {}
        let golden = try GoldenModel("models/\(try #require(Self.models.first))")
        let tokens = sequence(40, seed: 5, below: golden.configuration.vocabularySize)
        let decoder = try golden.decoder(precision: .bfloat16)
        let cache = decoder.makeCache()
        _ = try decoder.hidden([DecoderInput(Array(tokens[..<10]), cache: cache)])
        var calls = 0
        #expect(throws: Stop.self) {
            try decoder.hidden([DecoderInput(tokens, cache: cache)]) {
                calls += 1
                if calls == 2 { throw Stop() }
            }
        }
        #expect(cache.count == 10)
        let rest = Array(tokens[10...])
        let states = try decoder.hidden([
            DecoderInput(rest, cache: cache, wanted: 0..<rest.count)
        ])
        let columns = golden.configuration.hiddenSize
        #expect(states.numbers == Array(try alone(golden, tokens)[(10 * columns)...]))
    }

    @Test func `a check may use the decoder for something else`() throws {
        let golden = try GoldenModel("models/\(try #require(Self.models.first))")
        let size = golden.configuration.vocabularySize
        let tokens = sequence(40, seed: 5, below: size)
        let other = sequence(9, seed: 6, below: size)
        let decoder = try golden.decoder(precision: .bfloat16)
        let cache = decoder.makeCache()
        var replies: [[Float]] = []
        let states = try decoder.hidden([DecoderInput(tokens, wanted: 0..<tokens.count)]) {
            replies.append(try decoder.hidden([DecoderInput(other, cache: cache)]).numbers)
            cache.truncate(to: 0)
        }
        #expect(states.numbers == (try alone(golden, tokens)))
        let reply = Array(try alone(golden, other).suffix(golden.configuration.hiddenSize))
        #expect(replies.count == golden.configuration.layerCount)
        #expect(replies.allSatisfy { $0 == reply })
    }

    @Test func `a token outside the vocabulary is refused`() throws {
        let golden = try GoldenModel("models/\(try #require(Self.models.first))")
        let decoder = try golden.decoder(precision: .bfloat16)
        let size = golden.configuration.vocabularySize
        #expect(throws: DecoderError.unknownToken(TokenID(size), vocabularySize: size)) {
            try decoder.hidden([DecoderInput([0, TokenID(size)])])
        }
        #expect(throws: DecoderError.emptySequence) { try decoder.hidden([DecoderInput([])]) }
    }
}

extension Matrix {
    /// The numbers of some rows.
    func numbers(_ range: Range<Int>) -> [Float] {
        Array(numbers[range.lowerBound * columnCount..<range.upperBound * columnCount])
    }
}
